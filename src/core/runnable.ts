/** What every policy and every pipeline can do: run an operation, wrap a function, be listened to. */
import type { SharedSettings } from './built-in.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import { Emitter } from './emitter.ts';
import type { EventOrigin } from './events.ts';
import type { Judges } from './judge.ts';
import { ANYTHING, allowed, check, FLAG, FUNCTION, inspect, LIMIT, type Rules, SIGNAL } from './options.ts';
import type { Operation, Policy } from './policy.ts';
import { rejectLater } from './promises.ts';
import { Run, type RunOptions } from './run.ts';
import type { Stage } from './stage.ts';

/** Where the type of a policy says what it may answer; there is nothing at run time. */
declare const EXTRA: unique symbol;

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
export abstract class Runnable<Types extends object, Extra = never> extends Emitter<Types> {
  declare readonly [EXTRA]: Extra;
  /** Where time comes from. */
  abstract get clock(): Clock;

  /** @internal The compiled policies. */
  abstract get stage(): Stage;
  /** @internal What errors and events name as the pipeline: undefined where a policy runs alone. */
  readonly pipeline: string | undefined = undefined;
  /** @internal */
  readonly judges: Judges | undefined = undefined;
  /** @internal The options, checked, with the defaults filled in. */
  abstract readonly settings: SharedSettings;

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
    return run.start(this.stage, operation);
  }

  /**
   * Runs the operation. The promise settles exactly once; also a mistake in the arguments arrives as its rejection.
   *
   * @throws TypeError | RangeError - (as a rejection) if the operation is no function or an option is bad
   */
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<T | Extra> {
    try {
      if (typeof operation !== 'function') throw allowed('run', 'operation', operation, FUNCTION);
      if (options !== undefined) inspect('run', options, RUN_RULES);
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
}

/** The value that a policy may give besides the operation's own. */
export type ExtraOf<P> = P extends { readonly [EXTRA]: infer Extra } ? Extra : never;
