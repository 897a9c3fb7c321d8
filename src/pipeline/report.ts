/** The report of one run: what an engineer asks about a single slow or failed request. */
import type { CallNode } from '../core/call.ts';
import type { EventOrigin } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import type { Recorder, Run } from '../core/run.ts';
import type { Scope } from '../core/scope.ts';
import { type CallResult, Facts } from './result.ts';

/** One invocation of the operation. All times are readings of the pipeline's clock. */
export interface AttemptReport {
  /** Its number, from 1. */
  readonly attempt: number;
  readonly startMs: number;
  /** When it ended or was given up; undefined if the run settled without waiting for it. */
  readonly endMs: number | undefined;
  readonly outcome: Outcome | undefined;
}

/** A wait inside the run: in a queue, or before a retry. */
export interface WaitReport {
  readonly policy: string;
  readonly startMs: number;
  /** When it ended or was given up. */
  readonly endMs: number;
}

/** A policy refused the call, or an attempt of it. */
export interface RejectionReport {
  readonly policy: string;
  readonly error: unknown;
}

/** One run, once it has settled. */
export interface CallReport extends EventOrigin {
  readonly pipeline: string;
  readonly outcome: Outcome;
  /** What the run counts as. */
  readonly result: CallResult;
  readonly startMs: number;
  readonly durationMs: number;
  readonly attempts: readonly AttemptReport[];
  readonly waits: readonly WaitReport[];
  readonly rejections: readonly RejectionReport[];
  /** What the caller passed to `run`. */
  readonly context: unknown;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** A wait that goes on, or that was cut short, or that has come to its own end: then it is over. */
interface Wait {
  readonly policy: string;
  startMs: number;
  endMs: number | undefined;
  over: boolean;
}

/** The events with which the library's policies begin to wait. Others are heard of when their wait is over. */
const BEGINNINGS = ['queue', 'retry'];

/** Writes the report of a run, and emits it. */
export class CallRecorder extends Facts implements Recorder {
  readonly #startMs: number;
  /** Whose invocations the attempts are. */
  readonly #calls: CallNode[] = [];
  readonly #attempts: Draft<AttemptReport>[] = [];
  readonly #waits: Wait[] = [];
  readonly #rejections: RejectionReport[] = [];
  /** Whether no time has passed since the run began. */
  #starting = true;
  /** How the last attempt to end did, and when. */
  #last: Outcome | undefined = undefined;
  #lastMs = 0;
  #settled = false;

  constructor(run: Run) {
    super(run);
    this.#startMs = run.clock.now();
  }

  around<T>(start: () => Promise<T>): Promise<T> {
    const answer = start();
    this.#starting = false;
    return answer;
  }

  override began(call: CallNode): void {
    super.began(call);
    const startMs = this.#starting ? this.#startMs : this.run.clock.now();
    this.#calls.push(call);
    this.#attempts.push({ attempt: call.attempt, startMs, endMs: undefined, outcome: undefined });
  }

  ended(call: CallNode, outcome: Outcome): void {
    // What ends later does not change a report that others have.
    if (this.#settled) return;
    this.#last = outcome;
    this.#lastMs = this.run.clock.now();
    close(this.#attempts[this.#calls.indexOf(call)]!, outcome, this.#lastMs);
  }

  gaveUp(scope: Scope, outcome: Outcome): void {
    if (this.#settled) return;
    const endMs = this.run.clock.now();
    this.#attempts.forEach((attempt, i) => {
      if (isInside(this.#calls[i]!, scope)) close(attempt, outcome, endMs);
    });
    // Which of them stand inside is not known. One that does not has its end corrected when it comes.
    for (const wait of this.#waits) wait.endMs ??= endMs;
  }

  emitted(type: string, { policy }: EventOrigin): void {
    if (!BEGINNINGS.includes(type)) return;
    this.#waits.push({ policy, startMs: this.run.clock.now(), endMs: undefined, over: false });
  }

  waited(policy: Policy, startMs: number): void {
    const [label, endMs] = [this.#label(policy), this.run.clock.now()];
    // Several may go on at once: its event came just before it.
    const going = this.#waits.filter(
      (each) => !each.over && each.policy === label && each.startMs <= startMs,
    );
    const begun = going.at(-1);
    if (begun === undefined) this.#waits.push({ policy: label, startMs, endMs, over: true });
    else Object.assign(begun, { startMs, endMs, over: true });
  }

  refused(policy: Policy, error: unknown): void {
    this.#rejections.push({ policy: this.#label(policy), error });
  }

  settled(outcome: Outcome): void {
    this.#settled = true;
    this.run.owner.emitHere('call', this.#report(outcome));
  }

  #report(outcome: Outcome): CallReport {
    const pipeline = this.run.owner.pipeline as string;
    // A run that ends as its last attempt did has ended with it.
    const nowMs = outcome === this.#last ? this.#lastMs : this.run.clock.now();
    return {
      policy: pipeline,
      pipeline,
      outcome,
      result: this.resultOf(outcome),
      startMs: this.#startMs,
      durationMs: nowMs - this.#startMs,
      attempts: [...this.#attempts],
      waits: this.#waits.map(({ policy, startMs, endMs = nowMs }) => ({ policy, startMs, endMs })),
      rejections: [...this.#rejections],
      context: this.run.options.context,
    };
  }

  #label(policy: Policy): string {
    return this.run.owner.labelOf(policy);
  }
}

function close(attempt: Draft<AttemptReport>, outcome: Outcome, endMs: number): void {
  if (attempt.outcome !== undefined) return;
  attempt.endMs = endMs;
  attempt.outcome = outcome;
}

/** Whether the call stands inside this part of its run. */
export function isInside(call: CallNode, scope: Scope): boolean {
  for (let node: CallNode | undefined = call; node !== undefined; node = node.parent)
    if (node === scope) return true;
  return false;
}
