/** Tokens that come with time and with deposits, up to a limit. A pure state machine: the time is passed in. */
export class TokenBucket {
  readonly capacity: number;
  readonly perSecond: number;
  #tokens: number;
  #filledAt: number | undefined = undefined;

  constructor(capacity: number, perSecond: number) {
    this.capacity = capacity;
    this.perSecond = perSecond;
    this.#tokens = capacity;
  }

  /** How many there are at `nowMs`. */
  tokens(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#filledAt ?? nowMs));
    return Math.min(this.capacity, this.#tokens + (elapsedMs / 1_000) * this.perSecond);
  }

  /** Needs no time: what time brings and what is deposited come to the same in either order. */
  deposit(tokens: number): void {
    this.#tokens = Math.min(this.capacity, this.#tokens + tokens);
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    this.#tokens = this.tokens(nowMs);
    this.#filledAt = Math.max(nowMs, this.#filledAt ?? nowMs);
    if (this.#tokens < 1 - ROUNDING) return false;
    this.#tokens -= 1;
    return true;
  }

  clone(): TokenBucket {
    const copy = new TokenBucket(this.capacity, this.perSecond);
    copy.#tokens = this.#tokens;
    copy.#filledAt = this.#filledAt;
    return copy;
  }
}

// Ten deposits of 0.1 make a token, though their sum in floating point is a little less than 1.
const ROUNDING = 1e-9;
