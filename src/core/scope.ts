/**
 * A part of a run that can be stopped as a whole: the run itself, by its caller or its deadline, and what stands
 * inside a timeout. Whoever waits, sleeps or works inside hangs on it in a list, so that `call.signal` need not
 * exist unless the operation asks for it.
 */
import { CallNode } from './call.ts';
import type { Judges } from './judge.ts';
import { Link } from './links.ts';
import { type Failure, failure } from './outcome.ts';

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

export abstract class Scope extends CallNode implements Dependent {
  /** Why nothing may start in here any more. */
  stopped: Failure | undefined = undefined;
  /** Whether it settled without waiting for the work that runs in here. */
  gaveUp = false;
  /** Who has to know when it stops; undefined where nobody has, or where nothing can stop it. */
  protected dependents: Link | undefined = undefined;

  private controller: AbortController | undefined = undefined;
  /** Whether it is open how it ends: by what is further in, or by an interruption. */
  protected undecided = false;

  constructor(judges: Judges | undefined, parent?: CallNode) {
    super(parent, undefined, judges);
    this.scope = this;
  }

  /** When its time is over, on the run's clock. */
  abstract get due(): number;

  /** Whether anything can stop it. */
  abstract get stoppable(): boolean;

  add(dependent: Dependent): void {
    if (!this.stoppable) return;
    this.dependents ??= new Link();
    this.dependents.push(dependent);
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
    const head = this.dependents;
    for (let link = head?.previous; link !== head; link = link!.previous) told.push(link as Dependent);
    for (const dependent of told) dependent.onStop(why, gaveUp);
    if (gaveUp) this.stay?.giveUp(why);
    this.controller?.abort(why.error);
    // Whoever stopped it has answered the caller: nothing is left to wait for, and no timer for it.
    if (gaveUp) this.interrupt();
  }

  /** Ends it before what is further in has, unless that came first. What follows from it is done where the run waits. */
  interrupt(): void {
    if (this.decide()) this.run.wakeFor(this);
  }

  /** Whether it is for the caller to say how the scope ends: the first who asks. Then timers and listeners are let go of. */
  protected decide(): boolean {
    if (!this.undecided) return false;
    this.undecided = false;
    this.onDecided();
    return true;
  }

  // A scope that stops does not have to be told.
  override onGated(): void {}
  override onLeft(): void {}

  protected abstract onDecided(): void;

  /** It was interrupted: stops, and says how the call ends. */
  abstract onInterrupt(): void;

  /**
   * Undefined if work may start in here; otherwise why not. An abort or a deadline is heeded from the moment at which it
   * is reached, also where its event or its timer is still to come. To be asked by whoever goes on after a while.
   */
  halted(): Failure | undefined {
    if (this.stopped !== undefined) return this.stopped;
    const { run } = this;
    const over = run.aborted ? run : this.outermostExpired();
    if (over === undefined) return undefined;
    over.interrupt();
    return failure(run.lateness());
  }

  private outermostExpired(): Scope | undefined {
    if (this.due === Infinity) return undefined;
    const now = this.run.clock.now();
    let expired: Scope | undefined;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent?.scope) {
      if (scope.due <= now) expired = scope;
    }
    return expired;
  }
}
