/** What is compared: anything that makes a function out of a function. */

/** What an operation may be told; who calls it with nothing cannot run the rows that read a signal. */
export interface Context {
  readonly signal: AbortSignal;
}

/** The user's function. */
export type Work = (context?: Context) => Promise<unknown>;

/** What a candidate is built from. The defaults are those of the table. */
export interface Settings {
  readonly timeoutMs: number;
  /** Of the bulkhead, which has no queue. */
  readonly concurrency: number;
  /** How long a circuit stays open: longer than everything is measured. */
  readonly openMs: number;
  /** The first delay of a retry, doubled for the second; with full jitter where the candidate has that. */
  readonly backoffMs: number;
}

export const SETTINGS: Settings = { timeoutMs: 1_000, concurrency: 10, openMs: 300_000, backoffMs: 50 };

/** Each breaker looks at the last hundred calls, and trips at half of at least twenty. */
export const BREAKER = { calls: 100, failureRate: 0.5, minimumCalls: 20 } as const;

/** Two more attempts after the first. */
export const RETRIES = 2;

/** What a fallback answers. */
export const ANSWER = 'the answer of the fallback';

/** A policy that a candidate has, and so a part of the behaviour check that it has to pass. */
export type Part = 'retry' | 'breaker' | 'bulkhead' | 'timeout' | 'fallback';

/**
 * What happens while a row is timed: calls succeed; the operation reads its signal; the caller passes one; the circuit
 * is open; the bulkhead is full; the operation fails once and then succeeds.
 */
type Scenario = 'succeeds' | 'reads signal' | 'caller signal' | 'open' | 'full' | 'fails once';

/** One built candidate, ready to be called. */
export interface Built {
  call(): Promise<unknown>;
  /** Lets go of timers that it keeps. */
  close?(): void;
}

export interface Candidate {
  /** The row's name, which no other has. */
  readonly name: string;
  readonly library: 'none' | 'holdfast' | 'cockatiel' | 'opossum' | 'p-retry';
  readonly parts: readonly Part[];
  readonly scenario: Scenario;
  /** What of the behaviour check it does not do, in words for the table; the check holds that it really does not. */
  readonly lacks?: { readonly [check: string]: string };
  /** `signal` is the caller's, in the scenario that has one. */
  build(work: Work, settings: Settings, signal: AbortSignal | undefined): Built;
}
