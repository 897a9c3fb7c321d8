/**
 * The whole contract. A **gate** decides before a call and learns after it; a **layer** owns the call. Every policy
 * is one of the two, and a pipeline folds them, once, into one function of the kind `Next`.
 */
import type { Call } from './call.ts';
import type { Rejection } from './errors.ts';
import type { Outcome } from './outcome.ts';

/** The user's function: it is given the call, and may return a value, a promise or any thenable. */
export type Operation<T> = (call: Call) => PromiseLike<T> | T;

/** What stands further in, down to the operation itself. It never throws synchronously. */
export type Next = <T>(operation: Operation<T>, call: Call) => Promise<T>;

/**
 * Decides before a call and learns after it: a circuit breaker, a bulkhead, a rate limiter.
 *
 * Each `enter` that admitted is followed by exactly one `leave` and then exactly one `release`.
 *
 * @typeParam Ticket - what the gate has to remember of one admission; anything but a promise or a `Rejection`
 */
export interface Gate<Ticket = unknown> {
  /** The policy's label in events and errors. Default: `gate`. */
  readonly name?: string;
  /** Admits with a ticket, refuses with a `Rejection`, or returns a promise of either when the caller has to wait. */
  enter(call: Call): Ticket | Rejection | PromiseLike<Ticket | Rejection>;
  /**
   * Told how the call ended as soon as the run knows: the last real outcome of the operation, or `unused` if it was
   * never invoked after this admission. `running` is true if a timeout or an abort gave up on work that still runs.
   */
  leave(ticket: Ticket, outcome: Outcome | 'unused', running: boolean): void;
  /** Told that the work is really over. The same moment as `leave`, unless `running` was true. */
  release?(ticket: Ticket): void;
}

/**
 * Owns the call: may run it again, race it, replace it, or not run it at all. Retry, timeout and fallback are layers.
 * `around` is called once for each pipeline; the function it returns is called for each run.
 */
export interface Layer {
  /** The policy's label in events and errors. Default: `layer`. */
  readonly name?: string;
  /** Returns a function that does what `next` does, and this layer's part around it. */
  around(next: Next): Next;
}

/** What a pipeline is made of. A pipeline is one itself. */
export type Policy = Gate | Layer;

/** Tells the two kinds apart. */
export const isGate = (policy: Policy): policy is Gate => 'enter' in policy;
