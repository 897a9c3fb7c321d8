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
  /** Whether nothing but the first invocation of the operation can end the run. */
  private bearable = true;
  /** The invocation of the operation that hands the outcome on to the caller, and how it does. */
  private bearer: CallNode | undefined = undefined;
  private borne: Promise<unknown> | undefined = undefined;

  /** The outcome, for the caller, of what has been started, and may have ended already. */
  protected answer<T>(): Promise<T> {
    this.wake = undefined;
    this.bearable = false;
    const { borne } = this;
    if (this.races > 0 || this.interrupted !== undefined) {
      this.bearer = undefined;
      return this.waitForBoth() as Promise<T>;
    }
    if (borne === undefined) return this.waitForOutcome();
    this.borne = undefined;
    return borne as Promise<T>;
  }

  /**
   * An invocation has begun, and the run may end no sooner than this promise settles, which it does as `handOn` says:
   * the caller then needs no promise of its own.
   */
  bear(call: CallNode, promise: Promise<unknown>): void {
    if (!this.bearable) return;
    this.bearable = false;
    this.bearer = call;
    this.borne = promise;
  }

  /** What is further in may end before an invocation of the operation does. */
  mayEndEarly(): void {
    this.bearable = false;
  }

  /** The invocation has ended, and everybody has been told. */
  handOn(call: CallNode): unknown {
    if (call !== this.bearer) return undefined;
    const { outcome } = this;
    if (outcome === undefined) return this.waitForOutcome();
    this.report(outcome);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
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
    const { outcome } = this;
    if (outcome === undefined) return this.sleep(goOn);
    this.linger();
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
