/**
 * A part of a run that can be stopped as a whole: the run itself, by its caller or its deadline, and what stands
 * inside a timeout. Whoever waits, sleeps or works inside hangs on it in a list, so that `call.signal` need not
 * exist unless the operation asks for it.
 */
import { CallNode } from './call.ts';
import { Link, LinkedList } from './links.ts';
import type { Failure } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { deferred, rejectLater } from './promises.ts';
import type { Run } from './run.ts';

/** Something inside a scope that has to know when it stops. */
export interface Dependent extends Link {
  /** `gaveUp`: nobody waits for the work any more; otherwise it was only asked to stop. */
  onStop(why: Failure, gaveUp: boolean): void;
}

const INTERRUPTED = Symbol('interrupted');

export abstract class Scope extends CallNode implements Dependent {
  /** The run that this is part of. */
  abstract readonly run: Run;
  /** Whether anything can stop this scope. Where nothing can, nothing need be remembered. */
  abstract readonly stoppable: boolean;
  /** Why nothing may start in here any more. */
  stopped: Failure | undefined = undefined;
  /** Whether it settled without waiting for the work that runs in here. */
  gaveUp = false;

  #dependents: LinkedList<Dependent> | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #interrupt: ((value: typeof INTERRUPTED) => void) | undefined = undefined;
  #race: 'running' | 'interrupted' | 'over' = 'running';

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
    // Innermost first. A copy, since whoever is told may take itself or others out of the list.
    const told: Dependent[] = [];
    for (let each = this.#dependents?.last; each !== undefined; each = each.previous as Dependent | undefined) {
      told.push(each);
    }
    if (gaveUp) this.run.recorder?.gaveUp(this, why);
    for (const dependent of told) dependent.onStop(why, gaveUp);
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
      (value) => {
        this.#detach();
        if (this.#end('over')) resolve(value);
      },
      (error) => {
        this.#detach();
        if (this.#end('over')) reject(error);
      },
    );
    return promise.then((value) => (value === INTERRUPTED ? this.onInterrupt(inner) : value));
  }

  // Until what is further in has settled, the scope around must be able to stop it, and no longer.
  #detach(): void {
    this.parent?.scope.drop(this);
  }

  /** Ends the race, unless it is decided already. */
  interrupt(): void {
    if (this.#end('interrupted')) this.#interrupt?.(INTERRUPTED);
  }

  #end(how: 'interrupted' | 'over'): boolean {
    if (this.#race !== 'running') return false;
    this.#race = how;
    this.onDecided();
    return true;
  }

  /** The race is decided: let go of timers and listeners. */
  protected abstract onDecided(): void;

  /** The race was interrupted: stop the scope, and say how the call ends. */
  protected abstract onInterrupt<T>(inner: Promise<T>): Promise<T>;

  /** What a call is told that comes when the scope's time is over. */
  protected abstract reason(): unknown;

  /**
   * Undefined if work may start in here; otherwise a promise that rejects with the reason why not. An abort or a
   * deadline is heeded from the moment at which it is reached, also where its event or its timer is still to come.
   */
  halted(): Promise<never> | undefined {
    if (this.stopped !== undefined) return rejectLater(this.stopped.error);
    if (!this.stoppable) return undefined;
    const ended = this.run.aborted ? this.run : this.#expired();
    if (ended === undefined) return undefined;
    ended.interrupt();
    // A race that is over without an interruption: this is work that some layer left behind.
    if (ended.#race === 'over') return rejectLater(ended.reason());
    return new Promise((_, reject) => this.add(new Parked(reject)));
  }

  /** The outermost scope whose deadline has passed, which covers those within. */
  #expired(): Scope | undefined {
    if (this.deadline === Infinity) return undefined;
    const now = this.run.clock.now();
    let expired: Scope | undefined;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent?.scope) {
      if (scope.deadline <= now) expired = scope;
    }
    return expired;
  }
}

/** Waits for nothing but the reason of a stop that is already certain. */
class Parked extends Link implements Dependent {
  readonly #reject: (error: unknown) => void;

  constructor(reject: (error: unknown) => void) {
    super();
    this.#reject = reject;
  }

  onStop(why: Failure): void {
    this.#reject(why.error);
  }
}
