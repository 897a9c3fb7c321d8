/** One run: the root of the call's tree, with what all of it shares, and the race against its caller's patience. */
import type { CallNode } from './call.ts';
import { unwatch, watch } from './caller-signal.ts';
import { type Clock, setAlarm } from './clock.ts';
import { messageFor, TimeoutError } from './errors.ts';
import type { EventOrigin } from './events.ts';
import type { Judge } from './judge.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Operation, Policy } from './policy.ts';
import { Root } from './root.ts';
import type { Runnable } from './runnable.ts';
import type { Scope } from './scope.ts';
import type { Stage } from './stage.ts';

/** What may be said of a single run. */
export interface RunOptions {
  /** The caller's own signal: when it aborts, the run rejects at once with its `reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole run, > 0, as if a racing timeout stood outermost. Default: `Infinity`. */
  readonly timeoutMs?: number | undefined;
  /** Comes after the policies' own judges and before the pipeline's. */
  readonly judge?: Judge | undefined;
  /** `false`: it is not tried again, whatever the judges say. Default: `true`. */
  readonly idempotent?: boolean | undefined;
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
  /** A timeout ended what stands inside it with this error; `undefined` for the deadline of the run. */
  timedOut(policy: Policy | undefined, error: unknown): void;
  /** A fallback has answered in the place of an error. */
  recovered(): void;
  /** The run has settled. */
  settled(outcome: Outcome): void;
  /** Starts the run, where that is to happen within something of its own: a context, say. */
  around?<T>(start: () => Promise<T>): Promise<T>;
  /** Invokes the operation, likewise. */
  invoke?<T>(operation: Operation<T>, call: CallNode): PromiseLike<T> | T;
  /** A policy of the library emits an event on behalf of the run. */
  emitted?(type: string, event: EventOrigin): void;
}

const NO_OPTIONS: RunOptions = {};

export class Run extends Root {
  readonly owner: Runnable<object, unknown>;
  readonly options: RunOptions;
  readonly due: number;
  recorder: Recorder | undefined = undefined;
  private cancelAlarm: (() => void) | undefined = undefined;
  private token: object | undefined = undefined;

  /** `owner`: whose run it is, a pipeline's or that of a policy which runs alone. */
  constructor(owner: Runnable<object, unknown>, options: RunOptions = NO_OPTIONS) {
    const { timeoutMs = Infinity } = options;
    super(owner.judges);
    this.due = timeoutMs === Infinity ? timeoutMs : owner.clock.now() + timeoutMs;
    this.owner = owner;
    this.options = options;
  }

  override get stoppable(): boolean {
    return this.due !== Infinity || this.options.signal !== undefined;
  }

  get clock(): Clock {
    return this.owner.clock;
  }

  /** What stands for it where the run itself would be kept alive; no other has the same, in any copy of the library. */
  get id(): object {
    this.token ??= {};
    return this.token;
  }

  /** Whether the caller aborted. */
  get aborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** Its reason, if the caller aborted. */
  get abortReason(): unknown {
    return this.options.signal!.reason;
  }

  start<T>(stage: Stage, operation: Operation<T>): Promise<T> {
    this.undecided = true;
    if (this.aborted) this.end(failure(this.abortReason));
    else this.begin(stage, operation);
    return this.answer();
  }

  private begin(stage: Stage, operation: Operation<unknown>): void {
    const { signal } = this.options;
    if (this.stoppable) this.raceBegan();
    if (signal !== undefined) watch(signal, this);
    if (this.due !== Infinity) this.cancelAlarm = setAlarm(this.clock, this.due, () => this.interrupt());
    stage(operation, this);
  }

  protected override report(outcome: Outcome): void {
    this.recorder?.settled(outcome);
  }

  protected override onDecided(): void {
    if (!this.stoppable) return;
    const { signal } = this.options;
    if (signal !== undefined) unwatch(signal, this);
    this.cancelAlarm?.();
    this.raceEnded();
  }

  override onInterrupt(): void {
    const error = this.lateness();
    this.onStop(failure(error), true);
    if (!this.aborted) {
      this.recorder?.timedOut(undefined, error);
      this.owner.emitHere('timeout', { ...this.deadlineSource(), ms: this.options.timeoutMs } as never);
    }
    this.end(failure(error));
  }

  /** Why nothing may start any more: the caller's reason, or the error of a deadline. */
  lateness(): unknown {
    if (this.aborted) return this.abortReason;
    const { captureStack } = this.owner.settings;
    const init = { ...this.deadlineSource(), captureStack, ms: this.options.timeoutMs ?? 0 };
    return new TimeoutError(messageFor(init, 'has passed'), init);
  }

  private deadlineSource(): EventOrigin {
    return { policy: 'deadline', pipeline: this.owner.pipeline };
  }
}
