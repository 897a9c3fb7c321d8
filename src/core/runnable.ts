/** What every policy and every pipeline can do: run an operation, wrap a function, be listened to. */
import type { Call } from './call.ts';
import { type CommonEvents, Events, type Listener, type ListenerErrorEvent } from './events.ts';
import { printFault } from './faults.ts';
import { allowed } from './options.ts';
import type { Next, Operation } from './policy.ts';
import { type Owner, type RunOptions, startRun } from './run.ts';

/** Where the type of a policy says what it emits and what it may answer; there is nothing at run time. */
declare const TYPES: unique symbol;

/** What a runnable runs with. */
export interface Engine {
  readonly owner: Owner;
  readonly next: Next;
}

/**
 * Runs operations, wraps functions, and emits events.
 *
 * @typeParam Types - the events, by name
 * @typeParam Extra - what a run may give besides the operation's own value: the value of a fallback
 */
export abstract class Runnable<Types extends object, Extra = never> {
  declare readonly [TYPES]: { readonly events: Types; readonly extra: Extra };
  abstract readonly name: string;
  #events: Events | undefined = undefined;
  #inFault = false;

  protected abstract engine(): Engine;

  /**
   * Runs the operation. The promise settles exactly once; also a mistake in the arguments arrives as its rejection.
   *
   * @throws TypeError | RangeError - (as a rejection) if the operation is no function or an option is bad
   */
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<T | Extra> {
    const { owner, next } = this.engine();
    return startRun(owner, next, operation, options);
  }

  /** The same function with the policies around it: the same parameters and the same `this`. */
  wrap<This, Args extends readonly unknown[], Result>(
    fn: (this: This, ...args: Args) => Result,
  ): (this: This, ...args: Args) => Promise<Awaited<Result> | Extra> {
    if (typeof fn !== 'function') throw allowed(TypeError, 'wrap', 'fn', fn, 'a function');
    const { owner, next } = this.engine();
    return function (this: This, ...args: Args) {
      const operation: Operation<Awaited<Result>> = () => fn.apply(this, args as never) as Awaited<Result>;
      return startRun(owner, next, operation, undefined);
    };
  }

  /** As `wrap`, for a function that wants the call (its signal, say) as its first argument. */
  wrapCall<This, Args extends readonly unknown[], Result>(
    fn: (this: This, call: Call, ...args: Args) => Result,
  ): (this: This, ...args: Args) => Promise<Awaited<Result> | Extra> {
    if (typeof fn !== 'function') throw allowed(TypeError, 'wrapCall', 'fn', fn, 'a function');
    const { owner, next } = this.engine();
    return function (this: This, ...args: Args) {
      const operation: Operation<Awaited<Result>> = (call) =>
        fn.call(this, call, ...(args as never)) as Awaited<Result>;
      return startRun(owner, next, operation, undefined);
    };
  }

  /** Calls the listener at each event of this type. */
  on<K extends keyof (Types & CommonEvents) & string>(type: K, listener: Listener<(Types & CommonEvents)[K]>): this {
    this.#listen().on(type, listener as Listener<never>);
    return this;
  }

  /** Calls the listener at the next event of this type only. */
  once<K extends keyof (Types & CommonEvents) & string>(type: K, listener: Listener<(Types & CommonEvents)[K]>): this {
    this.#listen().once(type, listener as Listener<never>);
    return this;
  }

  /** Removes a listener, or all of this type. */
  off<K extends keyof (Types & CommonEvents) & string>(type: K, listener?: Listener<(Types & CommonEvents)[K]>): this {
    this.#events?.off(type, listener as Listener<never> | undefined);
    return this;
  }

  #listen(): Events {
    this.#events ??= new Events((fault) => {
      if (!this.fault(fault, this.name)) printFault(this, this.name, fault);
    });
    return this.#events;
  }

  /** Whether anybody would hear an event of this type. */
  protected heard(type: string): boolean {
    return this.#events?.heard(type) === true;
  }

  protected emitHere(type: string, payload: object): void {
    this.#events?.emit(type, payload);
  }

  /** User code threw: emits `listener-error`. False where nobody listens to that, or where it was that which threw. */
  protected fault(fault: unknown, policy: string, pipeline?: string): boolean {
    if (this.#inFault || !this.heard('listener-error')) return false;
    this.#inFault = true;
    this.emitHere('listener-error', { policy, pipeline, error: fault } satisfies ListenerErrorEvent);
    this.#inFault = false;
    return true;
  }
}

/** The value that a policy may give besides the operation's own. */
export type ExtraOf<P> = P extends { readonly [TYPES]: { readonly extra: infer Extra } } ? Extra : never;

/** The events that a policy emits, by name. */
export type EventsOf<P> = P extends { readonly [TYPES]: { readonly events: infer Types } } ? Types : never;
