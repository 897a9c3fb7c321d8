/**
 * A part of a run that can be stopped as a whole: the run itself, by its caller or its deadline, and what stands
 * inside a timeout. Whoever waits, sleeps or works inside hangs on it in a list, so that `call.signal` need not
 * exist unless the operation asks for it.
 */
import { CallNode } from './call.ts';
import type { Judges } from './judge.ts';
import { Link, LinkedList } from './links.ts';
import type { Failure } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { deferred, rejectLater } from './promises.ts';

/** Something inside a scope that has to know when it stops. */
export interface Dependent extends Link {
  /** `gaveUp`: nobody waits for the work any more; otherwise it was only asked to stop. */
  onStop(why: Failure, gaveUp: boolean): void;
}

/** A dependent that is nothing else: what ties a promise that waits for something to the scope in which it waits. */
export class Leash extends Link implements Dependent {
  readonly onStop: (why: Failure) => void;

  constructor(onStop: (why: Failure) => void) {
    super();
    this.onStop = onStop;
  }
}

const INTERRUPTED = Symbol('interrupted');

export abstract class Scope extends CallNode implements Dependent {
  /** Whether anything can stop this scope. Where nothing can, nothing need be remembered. */
  stoppable = true;
  /** Why nothing may start in here any more. */
  stopped: Failure | undefined = undefined;
  /** Whether it settled without waiting for the work that runs in here. */
  gaveUp = false;

  #dependents: LinkedList<Dependent> | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #interrupt: ((value: typeof INTERRUPTED) => void) | undefined = undefined;
  #decided = false;

  constructor(parent: CallNode | undefined, deadline: number, judges: Judges | undefined) {
    super(parent, undefined, parent?.attempt ?? 1, deadline, judges);
  }

  add(dependent: Dependent): void {
    if (!this.stoppable) return;
    this.#dependents ??= new LinkedList();
    this.#dependents.push(dependent);
  }

  drop(dependent: Dependent): void {
    this.#dependents?.remove(dependent);
  }

  get abortSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.stopped !== undefined) this.#controller.abort(this.stopped.error);
    }
    return this.#controller.signal;
  }

  /** Nothing starts in here any more. Work that still runs is waited for, or given up. */
  stop(why: Failure, gaveUp: boolean): void {
    if (this.gaveUp || (this.stopped !== undefined && !gaveUp)) return;
    this.stopped = why;
    this.gaveUp = gaveUp;
    if (gaveUp) this.run.recorder?.gaveUp(this, why);
    // Innermost first. A copy, since whoever is told may take itself or others out of the list.
    const dependents = this.#dependents ? [...this.#dependents] : [];
    for (const dependent of dependents.reverse()) dependent.onStop(why, gaveUp);
    this.#controller?.abort(why.error);
  }

  onStop(why: Failure, gaveUp: boolean): void {
    this.stop(why, gaveUp);
  }

  /**
   * Settles as the inner call does, unless `interrupt` comes first. The rest of an interruption, which executes the
   * user's code (judges, listeners, abort listeners), is done by the promise that the run itself awaits: whoever
   * interrupts does so from a stack, and an async context, that may belong to another run.
   */
  race<T>(next: Next, operation: Operation<T>): Promise<T> {
    const { promise, resolve, reject } = deferred<T | typeof INTERRUPTED>();
    this.#interrupt = resolve;
    const inner = next(operation, this);
    inner.then(
      (value) => this.#detach() && resolve(value),
      (error) => this.#detach() && reject(error),
    );
    return promise.then((value) => (value === INTERRUPTED ? this.onInterrupt(inner) : value));
  }

  /** Ends the race, unless it is decided already. */
  interrupt(): void {
    if (this.#decide()) this.#interrupt?.(INTERRUPTED);
  }

  // Until what is further in has settled, the scope around must be able to stop it, and no longer.
  #detach(): boolean {
    this.parent?.scope.drop(this);
    return this.#decide();
  }

  #decide(): boolean {
    if (this.#decided) return false;
    this.#decided = true;
    this.onDecided();
    return true;
  }

  /** The race is decided: let go of timers and listeners. */
  protected abstract onDecided(): void;

  /** The race was interrupted: stop the scope, and say how the call ends. */
  protected abstract onInterrupt<T>(inner: Promise<T>): Promise<T>;

  /**
   * Undefined if work may start in here; otherwise a promise that rejects with the reason why not. An abort or a
   * deadline is heeded from the moment at which it is reached, also where its event or its timer is still to come.
   */
  halted(): Promise<never> | undefined {
    if (this.stopped !== undefined) return rejectLater(this.stopped.error);
    const { run, deadline } = this;
    const late = run.aborted || (deadline !== Infinity && run.clock.now() >= deadline);
    return late ? rejectLater(run.lateness()) : undefined;
  }
}
