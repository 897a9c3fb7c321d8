/**
 * Counters over the last milliseconds: a ring of ten rows, each for a tenth of the time, in memory that is taken once.
 * Pure state: the time is passed in.
 */

const ROWS = 10;

/**
 * The rows begin with the moment at which it is made. A count is forgotten together with its row: never later than
 * when it is `spanMs` old, and at most a tenth of that earlier.
 */
export class SlidingCounts {
  /** Row after row, each of so many columns: `counts[row(nowMs) + column]++` counts. */
  readonly counts: Uint32Array;
  readonly columns: number;
  readonly spanMs: number;
  private readonly originMs: number;
  private newest = 0;
  private endMs: number;

  constructor(spanMs: number, columns: number, nowMs: number) {
    this.counts = new Uint32Array(ROWS * columns);
    this.columns = columns;
    this.spanMs = spanMs;
    this.originMs = nowMs;
    this.endMs = this.startOf(1);
  }

  /** Where the row of this moment begins. A clock that steps back counts in the newest. */
  row(nowMs: number): number {
    if (nowMs >= this.endMs) this.moveTo(nowMs);
    return (this.newest % ROWS) * this.columns;
  }

  /** What each column has counted, and over how many milliseconds. */
  sum(nowMs: number): { readonly coveredMs: number; readonly counts: Float64Array } {
    this.row(nowMs);
    const counts = new Float64Array(this.columns);
    for (let at = 0; at < this.counts.length; at += this.columns)
      for (let column = 0; column < this.columns; column++)
        counts[column]! += this.counts[at + column] as number;
    const fromMs = this.startOf(Math.max(0, this.newest - ROWS + 1));
    return { coveredMs: Math.max(0, nowMs - fromMs), counts };
  }

  // However long it was idle, each row is emptied at most once.
  private moveTo(nowMs: number): void {
    // Multiplied first, so that a time exactly on a boundary falls into the row that begins there.
    const index = Math.floor(((nowMs - this.originMs) * ROWS) / this.spanMs);
    for (let i = Math.max(this.newest + 1, index - ROWS + 1); i <= index; i++) {
      const at = (i % ROWS) * this.columns;
      this.counts.fill(0, at, at + this.columns);
    }
    this.newest = Math.max(this.newest, index);
    this.endMs = this.startOf(this.newest + 1);
  }

  private startOf(index: number): number {
    return this.originMs + (index * this.spanMs) / ROWS;
  }
}
