/** One run: the root of the call's tree, with what all of it shares, and the race against its caller's patience. */
import { type Clock, type Random, setAlarm, type Timer } from './clock.ts';
import type { CallNode } from './call.ts';
import { TimeoutError } from './errors.ts';
import type { Judge, Judges } from './judge.ts';
import { allowed, type Check, checkOptions, common, duration, methods } from './options.ts';
import { failure, type Outcome, success } from './outcome.ts';
import type { Next, Operation, Policy } from './policy.ts';
import { rejectLater } from './promises.ts';
import { Scope } from './scope.ts';
import { shared } from './shared.ts';

/** What may be said of a single run. */
export interface RunOptions {
  /** The caller's own signal: when it aborts, the run rejects at once with its `reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole run, > 0, as if a racing timeout stood outermost. Default: `Infinity`. */
  readonly timeoutMs?: number | undefined;
  /** Comes after the policies' own judges and before the pipeline's. */
  readonly judge?: Judge | undefined;
  /** Anything; it is there as `call.context` and in the report. */
  readonly context?: unknown;
}

/** Whose run it is: a pipeline, or a policy that runs alone. */
export interface Owner {
  /** The pipeline's name. */
  readonly pipeline: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly judges: Judges | undefined;
  readonly captureStack: boolean;
  /** What a policy is called in here. */
  labelOf(policy: Policy): string;
  /** Who hears what happens on behalf of the owner's runs, while anybody does. */
  readonly sink: Sink | undefined;
  /** A recorder for a run whose report somebody wants. */
  record(run: Run): Recorder | undefined;
}

export interface Sink {
  heard(type: string): boolean;
  emit(type: string, payload: object): void;
  /** User code threw, and the policy at fault has no listener for that. False if nobody has. */
  fault(fault: unknown, policy: string): boolean;
}

/** Writes down what happens in one run. */
export interface Recorder {
  began(call: CallNode): void;
  ended(call: CallNode, outcome: Outcome): void;
  gaveUp(scope: Scope, outcome: Outcome): void;
  waited(policy: Policy, startMs: number): void;
  refused(policy: Policy, error: unknown): void;
  finished(outcome: Outcome): void;
}

const DEADLINE = 'deadline';
const runs = shared('runs', () => ({ count: 0 }));

export class Run extends Scope {
  readonly run: Run = this;
  readonly stoppable: boolean;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly judge: Judge | undefined;
  readonly callerContext: unknown;
  recorder: Recorder | undefined = undefined;
  readonly #callerSignal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  #alarm: Timer | undefined = undefined;
  #id = 0;

  constructor(owner: Owner, options: RunOptions | undefined) {
    const timeoutMs = options?.timeoutMs ?? Infinity;
    super(undefined, undefined, 1, timeoutMs === Infinity ? Infinity : owner.clock.now() + timeoutMs, owner.judges);
    this.owner = owner;
    this.clock = owner.clock;
    this.judge = options?.judge;
    this.callerContext = options?.context;
    this.#callerSignal = options?.signal;
    this.#timeoutMs = timeoutMs;
    this.stoppable = this.#callerSignal !== undefined || timeoutMs !== Infinity;
  }

  /** A number that no other run of this process has, whichever copy of the library started it. */
  get id(): number {
    if (this.#id === 0) this.#id = ++runs.count;
    return this.#id;
  }

  /** Whether the caller aborted. */
  get aborted(): boolean {
    return this.#callerSignal?.aborted === true;
  }

  get abortReason(): unknown {
    return this.#callerSignal?.reason;
  }

  start<T>(next: Next, operation: Operation<T>): Promise<T> {
    if (!this.stoppable) return next(operation, this);
    if (this.aborted) return rejectLater(this.abortReason);
    this.#callerSignal?.addEventListener('abort', this);
    if (this.deadline !== Infinity) this.#alarm = setAlarm(this.clock, this.deadline, () => this.interrupt());
    return this.race(next, operation);
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.interrupt();
  }

  protected override onDecided(): void {
    this.#callerSignal?.removeEventListener('abort', this);
    this.#alarm?.cancel();
  }

  protected override onInterrupt(): Promise<never> {
    const why = failure(this.reason());
    this.stop(why, true);
    const { sink, pipeline } = this.owner;
    if (!this.aborted && sink?.heard('timeout')) {
      sink.emit('timeout', { policy: DEADLINE, pipeline, ms: this.#timeoutMs });
    }
    throw why.error;
  }

  protected override reason(): unknown {
    if (this.aborted) return this.abortReason;
    const { pipeline, captureStack } = this.owner;
    const message = `${pipeline === undefined ? '' : `${pipeline}: `}the deadline of the run passed`;
    return new TimeoutError(message, { policy: DEADLINE, pipeline, captureStack, ms: this.#timeoutMs });
  }
}

const abortSignal = methods('an AbortSignal', 'addEventListener', 'removeEventListener');
const RUN_CHECKS: Readonly<Record<string, Check>> = {
  signal: abortSignal,
  timeoutMs: duration({ infinity: true }),
  judge: common.judge,
  context: () => {},
};

/** Starts a run. It never throws synchronously: also what is wrong with the arguments arrives as a rejection. */
export function startRun<T>(
  owner: Owner,
  next: Next,
  operation: Operation<T>,
  options: RunOptions | undefined,
): Promise<T> {
  try {
    if (typeof operation !== 'function') throw allowed(TypeError, 'run', 'operation', operation, 'a function');
    if (options !== undefined) checkOptions('run', options, RUN_CHECKS);
  } catch (error) {
    return rejectLater(error);
  }
  const run = new Run(owner, options);
  const recorder = owner.record(run);
  if (recorder === undefined) return run.start(next, operation);
  run.recorder = recorder;
  return run.start(next, operation).then(
    (value) => {
      recorder.finished(success(value));
      return value;
    },
    (error) => {
      recorder.finished(failure(error));
      throw error;
    },
  );
}
