/** What a play writes down, by facts of its own: nothing of it is asked of the library. */
import type { Call, Outcome } from 'holdfast';
import type { CallSpec } from './script.ts';

/** One run, from `run` until its promise settles. */
export interface Run {
  readonly label: string;
  readonly spec: CallSpec;
  /** The name of the pipeline. */
  readonly pipeline: string;
  readonly startMs: number;
  readonly invocations: Invocation[];
  readonly signal: AbortSignal | undefined;
  /** How and when it settled; undefined while it has not. */
  outcome: Outcome | undefined;
  settledMs: number | undefined;
}

/** One invocation of an operation. */
export interface Invocation {
  readonly run: Run;
  readonly call: Call;
  readonly startMs: number;
  /** How its work really ended, whoever still waited for it; undefined while it runs. */
  outcome: Outcome | undefined;
  /** Whether its caller had aborted by then. */
  afterAbort: boolean;
  /** Why its signal had aborted by then; undefined if it had not. */
  stopReason: unknown;
}

/** One call that a gate admitted. */
export interface Visit {
  readonly run: Run;
  readonly enteredMs: number;
  /** How many invocations the run had made before. */
  readonly before: number;
  /** Whether the call had been given up while it waited. */
  readonly late: boolean;
  /** What `leave` was told, each time. */
  readonly leaves: Leave[];
  releases: number;
}

export interface Leave {
  readonly learned: Outcome | 'unused';
  readonly running: boolean;
  /** How many invocations the run had made by then. */
  readonly after: number;
  /** How the last of them had ended by then, if it had. */
  readonly last: Outcome | undefined;
  /** How often `release` had been called by then. */
  readonly releases: number;
}

/** Whether the caller has aborted. */
export const isAborted = ({ signal }: Run): boolean => signal?.aborted === true;

/** What the operation was invoked for while the visit lasted. A call that is made twice at once has two visits. */
export const workOf = ({ run, before, leaves }: Visit): readonly Invocation[] =>
  run.invocations.slice(before, leaves[0]?.after);

export const isRunning = ({ outcome }: Invocation): boolean => outcome === undefined;
