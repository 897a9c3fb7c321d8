/**
 * A retry budget. Backoff with jitter spreads retries out, but does not end a retry storm: while everything fails,
 * each call still becomes several. A budget ties the retries to the successes, so that they are at most a fixed share
 * of the traffic, whatever happens.
 *
 * Sources: Brooker, "Fixing retries with token buckets and circuit breakers"; Finagle's RetryBudget; the retry quota
 * of the AWS SDKs.
 */
import { type Rules, settle } from '../../core/options.ts';
import { TokenBucket } from '../../structures/token-bucket.ts';

/** Options of `retryBudget`. */
export interface RetryBudgetOptions {
  /** How much of a retry each success pays for, >= 0. Default: 0.1. */
  readonly ratio?: number | undefined;
  /** Retries a second that are there without any success, >= 0. Default: 1. */
  readonly minPerSecond?: number | undefined;
  /** The most that can be saved up, and what is there at the start, >= 1. Default: 10. */
  readonly burst?: number | undefined;
}

/** Says whether a retry may be made. One budget may be shared by several retries. */
export interface RetryBudget {
  /** A call succeeded. */
  deposit(): void;
  /** Takes a token for one retry; false if there is none. `nowMs` is a reading of the retry's clock. */
  take(nowMs: number): boolean;
  /** How many retries could be made at `nowMs`. */
  tokens(nowMs: number): number;
}

const RULES: Rules = {
  ratio: ['a number >= 0', 0.1],
  minPerSecond: ['a number >= 0', 1],
  burst: ['a number >= 1', 10],
};

/**
 * A token bucket: `ratio` of a token for each success, `minPerSecond` tokens a second, at most `burst`, starting
 * full. A retry takes one; nobody waits for one.
 *
 * @throws RangeError | TypeError - for a bad option
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { ratio, minPerSecond, burst } = settle<Settings>('retryBudget', options, RULES);
  const bucket = new TokenBucket(burst, minPerSecond);
  return {
    deposit: () => bucket.deposit(ratio),
    take: (nowMs) => bucket.take(nowMs),
    tokens: (nowMs) => bucket.tokens(nowMs),
  };
}

type Settings = { readonly [K in keyof RetryBudgetOptions]-?: number };
