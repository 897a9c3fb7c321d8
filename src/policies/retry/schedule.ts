/**
 * When the next attempt comes, or why none does. Pure: what varies (time left, chance, the budget) is passed in, and
 * the state is the delays given so far.
 */
import { type Backoff, type BackoffHistory, DELAY } from '../../backoff/backoff.ts';
import { MAX_TIMER_MS, type Random } from '../../core/clock.ts';
import { check } from '../../core/options.ts';

/**
 * Why no further attempt was made: no retry left, none in the budget, the deadline or a server's hint too far away,
 * the judge's word, or a backoff that threw or gave no delay.
 */
export type ExhaustedReason = 'retries' | 'budget' | 'deadline' | 'hint' | 'judge' | 'backoff';

/** What the next delay depends on. */
export interface Circumstances {
  /** The server's hint. */
  readonly retryAfterMs: number | undefined;
  /** Until the deadline. */
  readonly remainingMs: number;
  readonly random: Random;
}

export class RetrySchedule {
  private readonly backoff: Backoff;
  private readonly maxRetryAfterMs: number;
  private retry = 0;
  private previousMs = 0;
  private totalMs = 0;

  constructor(backoff: Backoff, maxRetryAfterMs: number) {
    this.backoff = backoff;
    this.maxRetryAfterMs = maxRetryAfterMs;
  }

  /**
   * The delay before the next retry in milliseconds, or the reason why there is none.
   *
   * @throws what the backoff throws, and a RangeError for what is no delay: a delay of 0 in its place would be a storm
   */
  next({ retryAfterMs, remainingMs, random }: Circumstances): number | ExhaustedReason {
    this.retry++;
    const ownMs = this.ask(random);
    let delayMs = ownMs;
    if (retryAfterMs !== undefined) {
      const mostMs = Math.min(this.maxRetryAfterMs, MAX_TIMER_MS);
      if (retryAfterMs > mostMs || retryAfterMs >= remainingMs) return 'hint';
      delayMs = Math.max(ownMs, this.afterHint(retryAfterMs, random));
    }
    if (delayMs >= remainingMs) return 'deadline';
    this.previousMs = ownMs;
    this.totalMs += ownMs;
    return delayMs;
  }

  // Never earlier than the hint, and spread, so that not all clients that got the same one come back together.
  private afterHint(retryAfterMs: number, random: Random): number {
    const ceiling = this.ask(() => ALMOST_ONE);
    return Math.min(MAX_TIMER_MS, retryAfterMs + random() * Math.min(ceiling, retryAfterMs / 10));
  }

  private ask(random: Random): number {
    const history: BackoffHistory = { previousMs: this.previousMs, totalMs: this.totalMs, random };
    const ms = this.backoff(this.retry, history);
    check('retry', 'delay of backoff', ms, DELAY);
    return ms;
  }
}

// The highest number that a source of chance can give, with which a backoff shows its ceiling.
const ALMOST_ONE = 1 - Number.EPSILON / 2;
