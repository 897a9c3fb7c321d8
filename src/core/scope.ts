/**
 * A part of a run that can be stopped as a whole: the run itself, by its caller or its deadline, and what stands
 * inside a timeout. Whoever waits, sleeps or works inside hangs on it in a list, so that `call.signal` need not
 * exist unless the operation asks for it.
 */
import { CallNode } from './call.ts';
import type { Judges } from './judge.ts';
import { Link } from './links.ts';
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
  /** Why nothing may start in here any more. */
  stopped: Failure | undefined = undefined;
  /** Whether it settled without waiting for the work that runs in here. */
  gaveUp = false;
  /** Who has to know when it stops; undefined where nothing can stop it, and nothing need be remembered. */
  protected dependents: Link | undefined = undefined;

  private controller: AbortController | undefined = undefined;
  /** Ends the race; undefined once it is decided. */
  private wake: ((value: typeof INTERRUPTED) => void) | undefined = undefined;

  constructor(parent: CallNode | undefined, deadline: number, judges: Judges | undefined) {
    super(parent, undefined, judges, deadline);
    this.scope = this;
  }

  add(dependent: Dependent): void {
    this.dependents?.push(dependent);
  }

  override get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.stopped !== undefined) this.controller.abort(this.stopped.error);
    }
    return this.controller.signal;
  }

  /** It stops, or the scope around it does: nothing starts in here any more; what runs is waited for, or given up. */
  onStop(why: Failure, gaveUp: boolean): void {
    if (this.gaveUp || (this.stopped !== undefined && !gaveUp)) return;
    // It was asked to stop before: that is the reason also for who looks at the signal only from now on.
    if (this.stopped !== undefined) void this.signal;
    this.stopped = why;
    this.gaveUp = gaveUp;
    if (gaveUp) this.run.recorder?.gaveUp(this, why);
    // Innermost first. Listed beforehand, since whoever is told may take itself or others out.
    const told: Dependent[] = [];
    const head = this.dependents as Link;
    for (let link = head.previous; link !== head; link = link.previous) told.push(link as Dependent);
    for (const dependent of told) dependent.onStop(why, gaveUp);
    this.controller?.abort(why.error);
    // Whoever stopped it has answered the caller: nothing is left to wait for, and no timer for it.
    if (gaveUp) this.interrupt();
  }

  /**
   * Settles as the inner call does, unless `interrupt` comes first. The rest of an interruption, which executes the
   * user's code (judges, listeners, abort listeners), is done by the promise that the run itself awaits: whoever
   * interrupts does so from a stack, and an async context, that may belong to another run.
   */
  race<T>(next: Next, operation: Operation<T>): Promise<T> {
    const { promise, resolve, reject } = deferred<T | typeof INTERRUPTED>();
    this.wake = resolve;
    const inner = next(operation, this);
    inner.then(
      (value) => this.#detach() && resolve(value),
      (error) => this.#detach() && reject(error),
    );
    return promise.then((value) => (value === INTERRUPTED ? this.onInterrupt(inner) : value));
  }

  /** Ends the race, unless it is decided already. */
  interrupt(): void {
    this.#decide()?.(INTERRUPTED);
  }

  // Until what is further in has settled, the scope around must be able to stop it, and no longer.
  #detach(): unknown {
    this.unlink();
    return this.#decide();
  }

  #decide(): ((value: typeof INTERRUPTED) => void) | undefined {
    const wake = this.wake;
    this.wake = undefined;
    if (wake !== undefined) this.onDecided();
    return wake;
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
    const { run } = this;
    const over = run.aborted ? run : this.#outermostExpired();
    if (over === undefined) return undefined;
    over.interrupt();
    return rejectLater(run.lateness());
  }

  #outermostExpired(): Scope | undefined {
    if (this.deadline === Infinity) return undefined;
    const now = this.run.clock.now();
    let expired: Scope | undefined;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent?.scope) {
      if (scope.deadline <= now) expired = scope;
    }
    return expired;
  }
}
