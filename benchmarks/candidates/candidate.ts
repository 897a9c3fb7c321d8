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
  /** Of the bulkhead. */
  readonly concurrency: number;
  /** How many may wait for a place, of those who have a queue; the others have none. */
  readonly queue: number;
  /** How long a circuit stays open: longer than everything is measured. */
  readonly openMs: number;
  /** The first delay of a retry, doubled for the second; with full jitter where the candidate has that. */
  readonly backoffMs: number;
}

export const SETTINGS: Settings = {
  timeoutMs: 1_000,
  concurrency: 10,
  queue: 0,
  openMs: 3_600_000,
  backoffMs: 50,
};

/** Very many calls at once, of which most have to wait. */
export const BURST: Settings = { ...SETTINGS, concurrency: 100, queue: 1_000 };

/** Each breaker looks at the last hundred calls, and trips at half of at least twenty. */
export const BREAKER = { calls: 100, failureRate: 0.5, minimumCalls: 20 } as const;

/** Two more attempts after the first. */
export const RETRIES = 2;

/** What a fallback answers. */
export const ANSWER = 'the answer of the fallback';

/**
 * A policy that a candidate has, or what else it does, and so a part of the behaviour check that it has to pass. Of the
 * last two: it gives the operation a signal; it heeds that of its caller.
 */
export type Part = 'retry' | 'breaker' | 'bulkhead' | 'queue' | 'timeout' | 'fallback' | 'signal' | 'abort';

/** Retry, breaker, racing time-out and bulkhead, outermost first. */
export const FOUR = ['retry', 'breaker', 'timeout', 'bulkhead'] as const;

/**
 * What happens while a row is timed: calls succeed; the operation reads its signal; the caller passes one; the circuit
 * is open; the bulkhead is full; the operation fails once and then succeeds; very many calls come at once.
 */
type Scenario = 'succeeds' | 'reads signal' | 'caller signal' | 'open' | 'full' | 'fails once' | 'burst';

type Library =
  | 'none'
  | 'holdfast'
  | 'cockatiel'
  | 'opossum'
  | 'mollitia'
  | 'effect'
  | 'p-retry'
  | 'p-limit'
  | 'p-queue'
  | 'p-timeout'
  | 'p-retry + p-limit + p-timeout';

/** One built candidate, ready to be called. */
export interface Built {
  call(): Promise<unknown>;
  /** Lets go of timers that it keeps. */
  close?(): void;
}

export interface Candidate {
  /** The row's name, which no other has. */
  readonly name: string;
  readonly library: Library;
  readonly parts: readonly Part[];
  readonly scenario: Scenario;
  /** What of the behaviour check it does not do, in words for the table; the check holds that it really does not. */
  readonly lacks?: { readonly [check: string]: string };
  /** `signal` is the caller's, in the scenario that has one. */
  build(work: Work, settings: Settings, signal: AbortSignal | undefined): Built;
}

/** A row of one library: its name is put before the row's, and calls succeed unless it says otherwise. */
export type RowOf = Omit<Candidate, 'library' | 'scenario'> & { readonly scenario?: Scenario };

export const rowsOf = (library: Library, rows: readonly RowOf[]): readonly Candidate[] =>
  rows.map((row) => ({ scenario: 'succeeds', ...row, library, name: `${library}: ${row.name}` }));
