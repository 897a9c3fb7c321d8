/** Tokens that come with time and with deposits, up to a limit. A pure state machine: the time is passed in. */
export class TokenBucket {
  readonly capacity: number;
  readonly perSecond: number;
  private held: number;
  private filledAt: number | undefined = undefined;

  constructor(capacity: number, perSecond: number) {
    this.capacity = capacity;
    this.perSecond = perSecond;
    this.held = capacity;
  }

  /** How many there are at `nowMs`. */
  tokens(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.filledAt ?? nowMs));
    return Math.min(this.capacity, this.held + (elapsedMs / 1_000) * this.perSecond);
  }

  /** Needs no time: what time brings and what is deposited come to the same in either order. */
  deposit(tokens: number): void {
    this.held = Math.min(this.capacity, this.held + tokens);
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    this.held = this.tokens(nowMs);
    // A clock that went back, as a new virtual one does: what time brings is counted from here on.
    this.filledAt = nowMs;
    if (this.held < 1 - ROUNDING) return false;
    // A sum that was a little less than a token leaves none, and not less than none.
    this.held = Math.max(0, this.held - 1);
    return true;
  }
}

// Ten deposits of 0.1 make a token, though their sum in floating point is a little less than 1.
const ROUNDING = 1e-9;
