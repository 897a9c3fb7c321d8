/** One run: the root of the call's tree, with what all of it shares, and the race against its caller's patience. */
import type { CallNode } from './call.ts';
import { type Clock, setAlarm } from './clock.ts';
import { messageFor, TimeoutError } from './errors.ts';
import type { Judge } from './judge.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Next, Operation, Policy } from './policy.ts';
import { rejectLater } from './promises.ts';
import type { Runnable } from './runnable.ts';
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

/** Writes down what happens in one run. */
export interface Recorder {
  began(call: CallNode): void;
  ended(call: CallNode, outcome: Outcome): void;
  gaveUp(scope: Scope, outcome: Outcome): void;
  waited(policy: Policy, startMs: number): void;
  refused(policy: Policy, error: unknown): void;
}

const NO_OPTIONS: RunOptions = {};
const runs = shared('runs', () => ({ count: 0 }));

export class Run extends Scope {
  readonly owner: Runnable<object, unknown>;
  readonly clock: Clock;
  readonly options: RunOptions;
  recorder: Recorder | undefined = undefined;
  #cancelAlarm: (() => void) | undefined = undefined;
  #id = 0;

  /** `owner`: whose run it is, a pipeline's or that of a policy which runs alone. */
  constructor(owner: Runnable<object, unknown>, options: RunOptions = NO_OPTIONS) {
    const { signal, timeoutMs = Infinity } = options;
    const { clock } = owner;
    super(undefined, timeoutMs === Infinity ? Infinity : clock.now() + timeoutMs, owner.judges);
    this.stoppable = signal !== undefined || timeoutMs !== Infinity;
    this.owner = owner;
    this.clock = clock;
    this.options = options;
  }

  /** A number that no other run of this process has, whichever copy of the library started it. */
  get id(): number {
    if (this.#id === 0) this.#id = ++runs.count;
    return this.#id;
  }

  /** Whether the caller aborted. */
  get aborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  get abortReason(): unknown {
    return this.options.signal?.reason;
  }

  start<T>(next: Next, operation: Operation<T>): Promise<T> {
    if (!this.stoppable) return next(operation, this);
    if (this.aborted) return rejectLater(this.abortReason);
    this.options.signal?.addEventListener('abort', this);
    if (this.deadline !== Infinity)
      this.#cancelAlarm = setAlarm(this.clock, this.deadline, () => this.interrupt());
    return this.race(next, operation);
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.interrupt();
  }

  protected override onDecided(): void {
    this.options.signal?.removeEventListener('abort', this);
    this.#cancelAlarm?.();
  }

  protected override async onInterrupt(): Promise<never> {
    const error = this.lateness();
    this.stop(failure(error), true);
    const { owner, options } = this;
    if (!this.aborted) {
      owner.emitHere('timeout', {
        policy: 'deadline',
        pipeline: owner.pipeline,
        ms: options.timeoutMs,
      } as never);
    }
    throw error;
  }

  /** Why nothing may start any more: the caller's reason, or the error of a deadline. */
  lateness(): unknown {
    if (this.aborted) return this.abortReason;
    const { pipeline, captureStack } = this.owner;
    const init = { policy: 'deadline', pipeline, captureStack, ms: this.options.timeoutMs ?? 0 };
    return new TimeoutError(messageFor(init, 'has passed'), init);
  }
}
