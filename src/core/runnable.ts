/**
 * What every policy and every pipeline can do: run an operation, wrap a function, be listened to. Events ride on
 * eventemitter3; what a listener throws never reaches the call, nor another listener.
 */
import { EventEmitter } from 'eventemitter3';
import type { SharedSettings } from './built-in.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { CommonEvents, EventOrigin, Listener } from './events.ts';
import type { Judges } from './judge.ts';
import { ANYTHING, check, FLAG, FUNCTION, LIMIT, type Rules, SIGNAL, settle } from './options.ts';
import type { Next, Operation, Policy } from './policy.ts';
import { isThenable, rejectLater } from './promises.ts';
import { Run, type RunOptions } from './run.ts';

/** Where the type of a policy says what it emits and what it may answer; there is nothing at run time. */
declare const TYPES: unique symbol;

const FAULT = 'listener-error';

const RUN_RULES: Rules = {
  signal: SIGNAL,
  timeoutMs: [LIMIT],
  judge: [FUNCTION],
  idempotent: [FLAG],
  context: [ANYTHING],
};

/**
 * Runs operations, wraps functions, and emits events.
 *
 * @typeParam Types - the events, by name
 * @typeParam Extra - what a run may give besides the operation's own value: the value of a fallback
 */
export abstract class Runnable<Types extends object, Extra = never> {
  declare readonly [TYPES]: { readonly events: Types; readonly extra: Extra };
  /** What it is called in events and errors. */
  abstract readonly name: string;
  /** Where time comes from. */
  abstract get clock(): Clock;

  /** @internal The compiled policies. */
  abstract get next(): Next;
  /** @internal What errors and events name as the pipeline: undefined where a policy runs alone. */
  readonly pipeline: string | undefined = undefined;
  /** @internal */
  readonly judges: Judges | undefined = undefined;
  /** @internal The options, checked, with the defaults filled in. */
  abstract readonly settings: SharedSettings;

  #emitter: EventEmitter | undefined = undefined;
  #printed: Set<string> | undefined = undefined;

  /** @internal What a policy is called in runs of this. */
  labelOf(policy: Policy): string {
    return policy.name as string;
  }

  /** @internal What events and errors say of where they come from, in runs of this. */
  sourceOf(policy: Policy): EventOrigin {
    return { policy: this.labelOf(policy), pipeline: this.pipeline };
  }

  /** @internal */
  launch<T>(run: Run, operation: Operation<T>): Promise<T> {
    return run.start(this.next, operation);
  }

  /**
   * Runs the operation. The promise settles exactly once; also a mistake in the arguments arrives as its rejection.
   *
   * @throws TypeError | RangeError - (as a rejection) if the operation is no function or an option is bad
   */
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<T | Extra> {
    try {
      check('run', 'operation', operation, FUNCTION);
      if (options !== undefined) settle('run', options, RUN_RULES);
    } catch (error) {
      return rejectLater(error);
    }
    return this.launch(new Run(this, options), operation);
  }

  /** The same function with the policies around it: the same parameters and the same `this`. */
  wrap<This, Args extends readonly unknown[], Result>(
    fn: (this: This, ...args: Args) => Result,
  ): (this: This, ...args: Args) => Promise<Awaited<Result> | Extra> {
    check('wrap', 'fn', fn, FUNCTION);
    const runnable = this;
    return function (this: This, ...args: Args) {
      return runnable.run(() => fn.apply(this, args as never) as Awaited<Result>);
    };
  }

  /** As `wrap`, for a function that wants the call (its signal, say) as its first argument. */
  wrapCall<This, Args extends readonly unknown[], Result>(
    fn: (this: This, call: Call, ...args: Args) => Result,
  ): (this: This, ...args: Args) => Promise<Awaited<Result> | Extra> {
    check('wrapCall', 'fn', fn, FUNCTION);
    const runnable = this;
    return function (this: This, ...args: Args) {
      return runnable.run((call) => fn.call(this, call, ...(args as never)) as Awaited<Result>);
    };
  }

  /** Calls the listener at each event of this type. */
  on<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('on', type, listener);
  }

  /** Calls the listener at the next event of this type only. */
  once<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('once', type, listener);
  }

  /** Removes a listener, or all of this type. */
  off<K extends keyof (Types & CommonEvents) & string>(
    type: K,
    listener?: Listener<(Types & CommonEvents)[K]>,
  ): this {
    return this.#changed('off', type, listener);
  }

  #changed(how: 'on' | 'once' | 'off', type: string, listener: Listener<never> | undefined): this {
    if (how !== 'off') check(how, 'listener', listener, FUNCTION);
    this.#emitter ??= new EventEmitter();
    this.#emitter[how](type, listener as never);
    this.listenersChanged();
    return this;
  }

  /** Somebody began to listen, or left off. */
  protected listenersChanged(): void {}

  /** @internal Whether anybody would hear an event of this type. */
  heard(type: string): boolean {
    return this.#emitter !== undefined && this.#emitter.listenerCount(type) > 0;
  }

  /** @internal */
  emitHere(type: string, payload: EventOrigin): void {
    const emitter = this.#emitter;
    if (emitter === undefined) return;
    const onFault = (error: unknown): void => this.fault(error, payload, type);
    for (const listener of emitter.listeners(type)) {
      emitter.off(type, listener, undefined, true); // if it was to be called once
      try {
        const result: unknown = listener(payload);
        if (isThenable(result)) result.then(undefined, onFault);
      } catch (error) {
        onFault(error);
      }
    }
  }

  /**
   * @internal User code threw: emits `listener-error`, or prints the first of each policy where nobody listens to that, or where it
   * was that which threw.
   */
  fault(error: unknown, { policy, pipeline }: EventOrigin, during?: string): void {
    if (during !== FAULT && this.heard(FAULT)) {
      this.emitHere(FAULT, { policy, pipeline, error } as EventOrigin);
    } else if (!this.#printed?.has(policy)) {
      this.#printed = (this.#printed ?? new Set()).add(policy);
      console.error(`holdfast: a listener, judge or other function given to '${policy}' threw:`, error);
    }
  }
}

/** The value that a policy may give besides the operation's own. */
export type ExtraOf<P> = P extends { readonly [TYPES]: { readonly extra: infer Extra } } ? Extra : never;

/** The events that a policy emits, by name. */
export type EventsOf<P> = P extends { readonly [TYPES]: { readonly events: infer Types } } ? Types : never;
