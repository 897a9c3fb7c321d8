/**
 * What a circuit breaker remembers of the calls that ended: how many, how many failed, how many were slow; of the last
 * n calls, or of the last milliseconds. A ring of buckets, each of one call or of a tenth of the time. Pure state: the
 * time is passed in.
 */

/** The last `calls`, or those of the last `ms` milliseconds. */
export type WindowSpan = { readonly ms: number } | { readonly calls: number };

/** What a window, or one of its buckets, has counted. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** A window as plain JSON. */
export interface WindowSnapshot {
  readonly span: WindowSpan;
  /** How long ago its first bucket began. */
  readonly ageMs: number;
  /** Number of the newest bucket; number n stands in the place n modulo how many there are. */
  readonly newest: number;
  /** Three numbers for each place: calls, failures, slow calls. */
  readonly buckets: readonly number[];
}

const TIME_BUCKETS = 10;

/**
 * The buckets of a window by time begin with the first outcome after it was empty. An outcome is forgotten together
 * with its bucket: never later than when it is `ms` old, and at most a tenth of that earlier.
 */
export class Window implements Tally {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly span: WindowSpan;
  /** Whether `age` and `record` need the time. */
  readonly timed: boolean;
  readonly #size: number;
  #originMs = 0;
  #newest = 0;
  #buckets: number[] = [];

  constructor(span: WindowSpan) {
    this.span = span;
    this.timed = 'ms' in span;
    this.#size = 'ms' in span ? TIME_BUCKETS : span.calls;
  }

  /** Forgets what is too old. */
  age(nowMs: number): void {
    if (!('ms' in this.span) || this.calls === 0) return;
    // Multiplied first, so that a time exactly on a boundary falls into the bucket that begins there.
    this.#moveTo(Math.floor(((nowMs - this.#originMs) * TIME_BUCKETS) / this.span.ms));
  }

  record(failed: boolean, slow: boolean, nowMs: number): void {
    this.age(nowMs);
    if (this.calls === 0) {
      this.#originMs = nowMs;
      this.#newest = 0;
      this.#buckets = new Array(this.#size * 3).fill(0);
    } else if (!this.timed) {
      this.#moveTo(this.#newest + 1);
    }
    this.#add(this.#newest, 1, Number(failed), Number(slow));
  }

  // However long it was idle, each bucket is emptied at most once; a clock that steps back empties none.
  #moveTo(index: number): void {
    const { length } = this.#buckets;
    for (let i = Math.max(this.#newest + 1, index - this.#size + 1); i <= index; i++) {
      const at = (i * 3) % length;
      const [calls, failures, slow] = this.#buckets.slice(at, at + 3) as [number, number, number];
      this.#add(i, -calls, -failures, -slow);
    }
    this.#newest = Math.max(this.#newest, index);
  }

  /** Changes the counts of a bucket, and with it those of the whole. */
  #add(index: number, calls: number, failures: number, slow: number): void {
    const buckets = this.#buckets as [number, number, number];
    const at = ((index * 3) % buckets.length) as 0;
    buckets[at] += calls;
    buckets[(at + 1) as 1] += failures;
    buckets[(at + 2) as 2] += slow;
    this.calls += calls;
    this.failures += failures;
    this.slow += slow;
  }

  clear(): void {
    this.calls = this.failures = this.slow = 0;
  }

  snapshot(nowMs: number): WindowSnapshot {
    this.age(nowMs);
    if (this.calls === 0) return { span: this.span, ageMs: 0, newest: 0, buckets: [] };
    return {
      span: this.span,
      ageMs: nowMs - this.#originMs,
      newest: this.#newest,
      buckets: [...this.#buckets],
    };
  }

  static restore({ span, ageMs, newest, buckets }: WindowSnapshot, nowMs: number): Window {
    const window = new Window(span);
    window.#originMs = nowMs - ageMs;
    window.#newest = newest;
    window.#buckets = new Array(buckets.length).fill(0);
    for (let at = 0; at < buckets.length; at += 3) {
      window.#add(at / 3, ...(buckets.slice(at, at + 3) as [number, number, number]));
    }
    return window;
  }
}
