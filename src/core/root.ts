/**
 * The root of a call's tree, where all of it ends: the caller waits for the outcome, and the run itself for what may
 * interrupt it.
 *
 * Whoever interrupts, a timer that many calls share or a signal, does so from a stack and an async context that may
 * belong to another run. What follows executes the user's code (judges, listeners, abort listeners, further attempts):
 * so it comes out of a promise for which the run has waited since it was in its own context.
 */
import type { CallNode } from './call.ts';
import type { Outcome } from './outcome.ts';
import { deferred, SETTLED } from './promises.ts';
import { Scope } from './scope.ts';

const nobody = (): void => {};
const goOn = (root: Root): unknown => root.goOn();
const linger = (root: Root): void => root.linger();

export abstract class Root extends Scope {
  private outcome: Outcome | undefined = undefined;
  private resolve: ((value: never) => void) | undefined = undefined;
  private reject: ((error: unknown) => void) | undefined = undefined;
  /** How many scopes may be interrupted: some of them perhaps after the caller has the outcome. */
  private races = 0;
  private interrupted: Scope[] | undefined = undefined;
  /** Has the run attend to those; undefined while it does not wait for any. */
  private wake: (() => void) | undefined = nobody;
  /** The invocation of the operation that brings the caller the outcome, if it is known that none comes sooner. */
  private bringer: CallNode | undefined = undefined;
  private brought: Promise<unknown> | undefined = undefined;
  /** Whether an invocation that begins now may be that one. */
  private direct = true;

  /** The outcome, for the caller, of what has been started, and may have ended already. */
  protected answer<T>(): Promise<T> {
    this.wake = undefined;
    this.direct = false;
    if (this.races === 0 && this.interrupted === undefined)
      return (this.brought as Promise<T> | undefined) ?? this.waitForOutcome();
    this.bringer = undefined;
    return this.waitForBoth() as Promise<T>;
  }

  /** Something stands in between that may end, or begin, at any time. */
  detour(): void {
    this.direct = false;
  }

  /** An invocation has begun. `promise` settles as `deliver` says: the caller then needs none of its own. */
  bring(call: CallNode, promise: Promise<unknown>): void {
    if (!this.direct) return;
    this.bringer = call;
    this.brought = promise;
  }

  /** The invocation has ended, and everybody has been told: what the caller gets, if this one brings it. */
  deliver(call: CallNode): unknown {
    if (call !== this.bringer) return undefined;
    return this.outcome === undefined ? this.waitForOutcome() : this.given(this.outcome);
  }

  private waitForOutcome<T>(): Promise<T> {
    const { promise, resolve, reject } = deferred<T>();
    this.resolve = resolve;
    this.reject = reject;
    // Not before the caller has the promise: a rejection that nobody handles yet is dear.
    if (this.outcome !== undefined) void SETTLED.then(() => this.settle(this.outcome as Outcome));
    return promise;
  }

  /** One promise for both costs less than two. */
  private waitForBoth(): Promise<unknown> {
    const promise = this.sleep(goOn);
    if (this.interrupted !== undefined) this.wake!();
    return promise;
  }

  /** It is awake. */
  goOn(): unknown {
    if (this.outcome === undefined) return this.sleep(goOn);
    this.linger();
    return this.given(this.outcome);
  }

  private given(outcome: Outcome): unknown {
    this.report(outcome);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }

  /** Attends to what goes on although nobody waits for it. */
  linger(): void {
    if (this.races > 0) void this.sleep(linger);
  }

  private sleep<T>(andThen: (root: this) => T): Promise<T> {
    const awake = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    return awake.then(() => {
      // One may interrupt others.
      for (const scope of this.interrupted ?? []) scope.onInterrupt();
      this.interrupted = undefined;
      this.wake = undefined;
      return andThen(this);
    });
  }

  override settled(outcome: Outcome): undefined {
    if (this.decide()) this.end(outcome);
  }

  protected end(outcome: Outcome): void {
    this.outcome = outcome;
    if (this.resolve !== undefined) this.settle(outcome);
    else this.wake?.();
  }

  private settle(outcome: Outcome): void {
    this.report(outcome);
    if (outcome.ok) this.resolve!(outcome.value as never);
    else this.reject!(outcome.error);
  }

  /** Told the outcome just before the caller is. */
  protected abstract report(outcome: Outcome): void;

  /** A scope may be interrupted from now on. */
  raceBegan(): void {
    this.races++;
    if (this.wake === undefined) this.linger();
  }

  /** It cannot any more, or was. */
  raceEnded(): void {
    this.races--;
  }

  /** A scope was interrupted. */
  wakeFor(scope: Scope): void {
    this.interrupted ??= [];
    this.interrupted.push(scope);
    this.wake!();
  }
}
