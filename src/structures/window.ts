/**
 * What a circuit breaker remembers of the calls that ended: how many, how many failed, how many were slow. By time or
 * by the last n calls. Pure state: the time is passed in.
 */

/** Counts over the window. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Plain JSON: the window's content, with ages instead of times. */
export type WindowSnapshot = TimeWindowSnapshot | CountWindowSnapshot;

export interface Window extends Tally {
  /** Whether `age` and `record` need the time. */
  readonly timed: boolean;
  /** Forgets what is too old at `nowMs`. */
  age(nowMs: number): void;
  record(failed: boolean, slow: boolean, nowMs: number): void;
  clear(): void;
  clone(): Window;
  snapshot(nowMs: number): WindowSnapshot;
}

const BUCKETS = 10;

/** One entry for each bucket that is not empty, the oldest first. */
export interface TimeWindowSnapshot {
  readonly ms: number;
  /** How long ago the first bucket began. */
  readonly ageMs: number;
  readonly buckets: readonly (Tally & { readonly index: number })[];
}

/**
 * Ten buckets, each a tenth of the window long, beginning with the first outcome after the window was empty. An
 * outcome is forgotten together with its bucket, when none of the bucket is older than the window allows.
 */
export class TimeWindow implements Window {
  readonly timed = true;
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #ms: number;
  /** When bucket number 0 began. */
  #origin = 0;
  /** Number of the newest bucket; bucket n stands in place n modulo BUCKETS. */
  #newest = 0;
  #buckets: { calls: number; failures: number; slow: number }[] = [];

  constructor(ms: number) {
    this.#ms = ms;
  }

  age(nowMs: number): void {
    if (this.calls === 0) return;
    const index = this.#indexAt(nowMs);
    // However long it was idle, at most all buckets are emptied; a clock that steps back empties none.
    for (let i = Math.max(this.#newest + 1, index - BUCKETS + 1); i <= index; i++) this.#empty(i);
    this.#newest = Math.max(this.#newest, index);
  }

  record(failed: boolean, slow: boolean, nowMs: number): void {
    this.age(nowMs);
    if (this.calls === 0) {
      this.#origin = nowMs;
      this.#newest = 0;
      this.#buckets = [];
    }
    const place = this.#newest % BUCKETS;
    let bucket = this.#buckets[place];
    if (bucket === undefined) {
      bucket = { calls: 0, failures: 0, slow: 0 };
      this.#buckets[place] = bucket;
    }
    bucket.calls++;
    this.calls++;
    if (failed) {
      bucket.failures++;
      this.failures++;
    }
    if (slow) {
      bucket.slow++;
      this.slow++;
    }
  }

  #indexAt(nowMs: number): number {
    // Multiplied first, so that a time that lies exactly on a boundary falls into the bucket that begins there.
    return Math.floor(((nowMs - this.#origin) * BUCKETS) / this.#ms);
  }

  #empty(index: number): void {
    const bucket = this.#buckets[index % BUCKETS];
    if (bucket === undefined) return;
    this.calls -= bucket.calls;
    this.failures -= bucket.failures;
    this.slow -= bucket.slow;
    bucket.calls = bucket.failures = bucket.slow = 0;
  }

  clear(): void {
    this.calls = this.failures = this.slow = 0;
    this.#buckets = [];
  }

  clone(): TimeWindow {
    const copy = new TimeWindow(this.#ms);
    copy.calls = this.calls;
    copy.failures = this.failures;
    copy.slow = this.slow;
    copy.#origin = this.#origin;
    copy.#newest = this.#newest;
    copy.#buckets = this.#buckets.map((bucket) => ({ ...bucket }));
    return copy;
  }

  snapshot(nowMs: number): TimeWindowSnapshot {
    this.age(nowMs);
    const buckets = [];
    for (let index = Math.max(0, this.#newest - BUCKETS + 1); index <= this.#newest; index++) {
      const bucket = this.#buckets[index % BUCKETS];
      if (bucket !== undefined && bucket.calls > 0) buckets.push({ index, ...bucket });
    }
    return { ms: this.#ms, ageMs: this.calls === 0 ? 0 : nowMs - this.#origin, buckets };
  }

  static restore({ ms, ageMs, buckets }: TimeWindowSnapshot, nowMs: number): TimeWindow {
    const window = new TimeWindow(ms);
    window.#origin = nowMs - ageMs;
    for (const { index, calls, failures, slow } of buckets) {
      window.#buckets[index % BUCKETS] = { calls, failures, slow };
      window.#newest = Math.max(window.#newest, index);
      window.calls += calls;
      window.failures += failures;
      window.slow += slow;
    }
    return window;
  }
}

/** The outcomes, the oldest first: 1 for a failure, 2 for a slow call, 3 for both, 0 for neither. */
export interface CountWindowSnapshot {
  readonly size: number;
  readonly outcomes: readonly number[];
}

/** The last n calls. */
export class CountWindow implements Window {
  readonly timed = false;
  calls = 0;
  failures = 0;
  slow = 0;
  /** One place for each call: bit 0 for a failure, bit 1 for a slow one. */
  readonly #ring: Uint8Array;
  /** The place that is written next; once the ring is full, that of the oldest. */
  #next = 0;

  constructor(size: number) {
    this.#ring = new Uint8Array(size);
  }

  age(): void {}

  record(failed: boolean, slow: boolean): void {
    const ring = this.#ring;
    if (this.calls === ring.length) {
      const oldest = ring[this.#next] as number;
      this.failures -= oldest & 1;
      this.slow -= oldest >> 1;
    } else {
      this.calls++;
    }
    ring[this.#next] = (failed ? 1 : 0) | (slow ? 2 : 0);
    this.#next = this.#next + 1 === ring.length ? 0 : this.#next + 1;
    if (failed) this.failures++;
    if (slow) this.slow++;
  }

  clear(): void {
    this.calls = this.failures = this.slow = this.#next = 0;
  }

  clone(): CountWindow {
    return CountWindow.restore(this.snapshot());
  }

  snapshot(): CountWindowSnapshot {
    const size = this.#ring.length;
    const oldest = this.#next - this.calls + size;
    const outcomes = Array.from({ length: this.calls }, (_, i) => this.#ring[(oldest + i) % size] as number);
    return { size, outcomes };
  }

  static restore({ size, outcomes }: CountWindowSnapshot): CountWindow {
    const window = new CountWindow(size);
    for (const outcome of outcomes) window.record((outcome & 1) === 1, outcome >= 2);
    return window;
  }
}
