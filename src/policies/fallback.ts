/** Answers in place of a call that failed. */

import { inward, outward } from '../core/adapt.ts';
import { BuiltIn, type NameOption } from '../core/built-in.ts';
import type { Call, CallNode } from '../core/call.ts';
import type { EventOrigin } from '../core/events.ts';
import { type Judge, judge } from '../core/judge.ts';
import { LayerNode } from '../core/layer-node.ts';
import { allowed, FUNCTION, NAME, type Rules, settle } from '../core/options.ts';
import { failure, type Outcome } from '../core/outcome.ts';
import type { Layer, Next } from '../core/policy.ts';
import { follow, type Stage } from '../core/stage.ts';

/** Makes the answer from the error. */
export type FallbackFunction<Value> = (error: unknown, call: Call) => PromiseLike<Value> | Value;

/** Options of `fallback`. */
export interface FallbackOptions extends NameOption {
  /** An error that it ignores is not answered. */
  readonly judge?: Judge | undefined;
}

/** A call failed, and the fallback answers. */
export interface FallbackEvent extends EventOrigin {
  readonly error: unknown;
}

/** The events of a fallback. */
export interface FallbackEvents {
  fallback: FallbackEvent;
}

const RULES: Rules = { name: NAME, judge: [FUNCTION] };

/** See `fallback`. */
export class Fallback<Value> extends BuiltIn<FallbackEvents, Value> implements Layer {
  readonly #answer: FallbackFunction<Value>;

  constructor(answer: Value | FallbackFunction<Value>, options: FallbackOptions = {}) {
    super('fallback', settle('fallback', options, RULES));
    this.#answer = typeof answer === 'function' ? (answer as FallbackFunction<Value>) : () => answer;
  }

  around(next: Next): Next {
    return outward(this.stageAround(inward(next)));
  }

  /** @internal */
  override stageAround(next: Stage): Stage {
    return (operation, call) => next(operation, new LayerNode(call, this, undefined));
  }

  /** @internal */
  settled(node: LayerNode, outcome: Outcome): Outcome | undefined {
    if (outcome.ok) return outcome;
    const call = node.parent as CallNode;
    follow(this.#recover(outcome.error, call), call);
    return undefined;
  }

  async #recover(error: unknown, call: CallNode): Promise<Value> {
    // Given up, by the caller or a timeout around: nobody waits for an answer.
    const over = call.scope.stopped !== undefined || call.run.aborted;
    if (over || judge(this, failure(error), call).verdict === 'ignore') throw error;
    this.emitIn(call, 'fallback', () => ({ error }));
    try {
      const answer = await this.#answer(error, call);
      call.run.recorder?.recovered();
      return answer;
    } catch (second) {
      throw withCause(second, error);
    }
  }
}

// Nothing is done to what cannot take a cause, or has one.
function withCause(thrown: unknown, cause: unknown): unknown {
  if (
    thrown instanceof Error &&
    thrown !== cause &&
    thrown.cause === undefined &&
    Object.isExtensible(thrown)
  ) {
    Object.defineProperty(thrown, 'cause', { value: cause, configurable: true, writable: true });
  }
  return thrown;
}

/**
 * Replaces an error, a rejection included, by a value: the one given, or what the function makes of the error. Not for
 * the caller's own abort, nor for what the judge ignores. What the function itself throws is thrown, with the first
 * error as its `cause`. Gates further out still learn that the operation failed.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example fallback((error, call) => lastKnownPrices)
 */
export function fallback<Value>(
  ...args: [answer: Value | FallbackFunction<Value>, options?: FallbackOptions]
): Fallback<Value> {
  // `undefined` is a value too, if somebody says so.
  if ((args.length as number) === 0) throw allowed('fallback', 'answer', undefined, 'a value or a function');
  return new Fallback<Value>(...args);
}
