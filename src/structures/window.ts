/**
 * What a circuit breaker remembers of the calls that ended: how many, how many failed, how many were slow; of the last
 * n calls, or of the last milliseconds. A ring of buckets, each of one call or of a tenth of the time. Pure state: the
 * time is passed in.
 */

/** The last `calls`, or those of the last `ms` milliseconds. */
export type WindowSpan =
  | { readonly ms: number; readonly calls?: never }
  | { readonly calls: number; readonly ms?: never };

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
const EMPTY = { ageMs: 0, newest: 0, buckets: [] };

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
  private readonly size: number;
  private originMs: number;
  private newest: number;
  /** Three numbers for each: calls, failures, slow calls. */
  private buckets: number[];

  /** An empty one, or one that goes on where the snapshot left off. */
  constructor(span: WindowSpan, snapshot: Omit<WindowSnapshot, 'span'> = EMPTY, nowMs = 0) {
    const { ageMs, newest, buckets } = snapshot;
    this.span = span;
    this.timed = 'ms' in span;
    this.size = 'ms' in span ? TIME_BUCKETS : span.calls;
    this.originMs = nowMs - ageMs;
    this.newest = newest;
    this.buckets = buckets.map(() => 0);
    for (let at = 0; at < buckets.length; at += 3)
      this.add(at, buckets[at]!, buckets[at + 1]!, buckets[at + 2]!);
  }

  /** Forgets what is too old. */
  age(nowMs: number): void {
    // Multiplied first, so that a time exactly on a boundary falls into the bucket that begins there.
    if (this.timed && this.calls > 0)
      this.moveTo(Math.floor(((nowMs - this.originMs) * TIME_BUCKETS) / (this.span.ms as number)));
  }

  record(failed: boolean, slow: boolean, nowMs: number): void {
    this.age(nowMs);
    if (this.calls === 0) {
      this.originMs = nowMs;
      this.newest = 0;
      this.buckets = new Array(this.size * 3).fill(0);
    } else if (!this.timed) {
      this.moveTo(this.newest + 1);
    }
    this.add(this.placeOf(this.newest), 1, Number(failed), Number(slow));
  }

  // However long it was idle, each bucket is emptied at most once; a clock that steps back empties none.
  private moveTo(index: number): void {
    const { newest, size, buckets } = this;
    for (let i = Math.max(newest + 1, index - size + 1); i <= index; i++) {
      const at = this.placeOf(i);
      this.add(at, -buckets[at]!, -buckets[at + 1]!, -buckets[at + 2]!);
    }
    this.newest = Math.max(newest, index);
  }

  /** Where the three numbers of a bucket begin. */
  private placeOf(index: number): number {
    return (index % this.size) * 3;
  }

  /** Changes the counts of a bucket, and with it those of the whole. */
  private add(at: number, calls: number, failures: number, slow: number): void {
    this.buckets[at]! += calls;
    this.buckets[at + 1]! += failures;
    this.buckets[at + 2]! += slow;
    this.calls += calls;
    this.failures += failures;
    this.slow += slow;
  }

  /**
   * Since when no bucket that counted anything was well: when the first of these began. The newest, which has not ended,
   * is taken for one of them. Undefined of a window by calls, whose buckets have no times.
   */
  unwellSince(isWell: (bucket: Tally) => boolean): number | undefined {
    if (!('ms' in this.span)) return undefined;
    let first = this.newest;
    for (let i = this.newest - 1; i > this.newest - this.size && i >= 0; i--) {
      const at = this.placeOf(i);
      const [calls, failures, slow] = this.buckets.slice(at, at + 3) as [number, number, number];
      if (calls === 0) continue;
      if (isWell({ calls, failures, slow })) break;
      first = i;
    }
    return this.originMs + (first * this.span.ms) / TIME_BUCKETS;
  }

  clear(): void {
    this.calls = this.failures = this.slow = 0;
  }

  snapshot(nowMs: number): WindowSnapshot {
    this.age(nowMs);
    const { span, calls, newest, originMs, buckets, timed } = this;
    // Of a window by calls the time is nobody's business, and may never have been read.
    const ageMs = timed ? nowMs - originMs : 0;
    return { span, ...(calls === 0 ? EMPTY : { ageMs, newest, buckets: [...buckets] }) };
  }
}
