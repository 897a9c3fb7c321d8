/** Tries again, after a while, within a budget. */
import { type Backoff, exponential } from '../../backoff/backoff.ts';
import { inward, outcomeOf, outward } from '../../core/adapt.ts';
import { BuiltIn, type CommonOptions } from '../../core/built-in.ts';
import type { CallNode } from '../../core/call.ts';
import type { Random } from '../../core/clock.ts';
import type { EventOrigin } from '../../core/events.ts';
import { type Decision, isAbortError, type Judge, judge } from '../../core/judge.ts';
import { type Inside, LayerNode } from '../../core/layer-node.ts';
import { CLOCK, FUNCTION, NAME, type Rules, settle } from '../../core/options.ts';
import { failure, type Outcome } from '../../core/outcome.ts';
import type { Layer, Next, Operation } from '../../core/policy.ts';
import { follow, type Stage } from '../../core/stage.ts';
import { sleep } from '../../structures/sleep.ts';
import { type RetryBudget, retryBudget } from './budget.ts';
import { drive } from './drive.ts';
import { type ExhaustedReason, RetrySchedule } from './schedule.ts';

/** Options of `retry`. */
export interface RetryOptions extends CommonOptions {
  /** Attempts after the first, an integer >= 0. Default: 2. */
  readonly retries?: number | undefined;
  /** The delay before each retry. Default: `exponential({ baseMs: 100, maxMs: 10_000 })`. */
  readonly backoff?: Backoff | undefined;
  /** Limits retries to a share of the successes; `false` for no limit. Default: a `retryBudget()` of its own. */
  readonly budget?: RetryBudget | false | undefined;
  /** A server's hint above this ends the retrying, in milliseconds, >= 0, `Infinity` allowed. Default: 60_000. */
  readonly maxRetryAfterMs?: number | undefined;
  /** What counts as a failure, and may it be tried again. */
  readonly judge?: Judge | undefined;
  /** Where the jitter comes from. Default: the pipeline's, else `Math.random`. */
  readonly random?: Random | undefined;
}

/** Another attempt will be made. */
export interface RetryEvent extends EventOrigin {
  /** Number of the attempt that ended, from 1. */
  readonly attempt: number;
  /** How it ended. */
  readonly outcome: Outcome;
  /** Milliseconds until the next. */
  readonly delayMs: number;
}

/** No further attempt will be made: the outcome stands. */
export interface ExhaustedEvent extends EventOrigin {
  readonly reason: ExhaustedReason;
  /** Number of the last attempt. */
  readonly attempt: number;
  readonly outcome: Outcome;
}

/** The events of a retry. */
export interface RetryEvents {
  retry: RetryEvent;
  exhausted: ExhaustedEvent;
}

const RULES: Rules = {
  name: NAME,
  clock: CLOCK,
  random: [FUNCTION],
  judge: [FUNCTION],
  retries: ['an integer >= 0', 2],
  backoff: [FUNCTION],
  budget: ['a retryBudget or false', undefined, 'deposit', 'take', 'tokens'],
  maxRetryAfterMs: ['a number >= 0 (Infinity is allowed)', 60_000],
};

type Settings = RetryOptions & { retries: number; maxRetryAfterMs: number };

/** One attempt that has ended, and what the judge says of it. */
interface Attempt {
  readonly number: number;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** Whether the operation was invoked. */
  readonly real: boolean;
}

const attempt = (outcome: Outcome, node: CallNode, decision: Decision): Attempt => ({
  number: node.attempt,
  outcome,
  decision,
  real: node.invocations > 0,
});

/** See `retry`. */
export class Retry extends BuiltIn<RetryEvents, never, Settings> implements Layer {
  /** Attempts after the first, at most. */
  readonly retries: number;
  /** The budget, if there is one. */
  readonly budget: RetryBudget | undefined;
  readonly #backoff: Backoff;

  constructor(options: RetryOptions = {}) {
    const settings = settle<Settings>('retry', options, RULES);
    super('retry', settings);
    const {
      retries,
      budget = retryBudget(),
      backoff = exponential({ baseMs: 100, maxMs: 10_000 }),
    } = settings;
    this.retries = retries;
    this.budget = budget || undefined;
    this.#backoff = backoff;
  }

  around(next: Next): Next {
    return outward(this.stageAround(inward(next)));
  }

  /** @internal */
  override stageAround(next: Stage): Stage {
    const inside: Inside<Operation<unknown>> = {
      settled: (node, outcome) => this.#afterFirst(node, outcome, next),
    };
    return (operation, call) => next(operation, new LayerNode(call, inside, operation, 1));
  }

  /** What becomes of a first attempt: what it ended in, or nothing yet if there will be more of them. */
  #afterFirst(node: LayerNode<Operation<unknown>>, outcome: Outcome, next: Stage): Outcome | undefined {
    const decision = this.#decide(outcome, node);
    if (outcome.ok && !decision.retry && decision.verdict !== 'failure') return outcome;
    const call = node.parent as CallNode;
    const first = attempt(outcome, node, decision);
    if (this.#isFinal(first, call)) return outcome.ok ? outcome : failure(unwrapped(outcome.error));
    follow(this.#continue(first, next, node.state, call), call);
    return undefined;
  }

  #decide(outcome: Outcome, node: CallNode): Decision {
    const decision = judge(this, outcome, node);
    if (decision.verdict === 'success') this.#deposit(node);
    // Once the call is given up nothing follows, whatever the judge says.
    return node.scope.stopped === undefined ? decision : GIVEN_UP;
  }

  // A budget may be the user's own, and what it throws changes no outcome.
  #deposit(call: CallNode): void {
    try {
      this.budget?.deposit();
    } catch (fault) {
      this.faultIn(call, fault);
    }
  }

  async #continue(
    first: Attempt,
    next: Stage,
    operation: Operation<unknown>,
    call: CallNode,
  ): Promise<unknown> {
    const schedule = new RetrySchedule(this.#backoff, this.settings.maxRetryAfterMs);
    let lastReal = first.real ? first : undefined;
    const last = await drive<Attempt>({
      retries: this.retries,
      first,
      isFinal: (attempt) => this.#isFinal(attempt, call),
      wait: (attempt) => this.#wait(attempt, schedule, call),
      exhausted: (attempt) => this.#announceEnd(attempt, 'retries', call),
      make: (number) => {
        const { node, outcome } = outcomeOf(next, operation, call, number);
        return outcome.then((ended) => {
          const made = attempt(ended, node, this.#decide(ended, node));
          if (made.real) lastReal = made;
          return made;
        });
      },
    });
    // A refusal after a real failure says less than that failure did, and would claim that nothing has run.
    const { outcome } = !last.outcome.ok && !last.real && lastReal !== undefined ? lastReal : last;
    if (outcome.ok) return outcome.value;
    throw unwrapped(outcome.error);
  }

  #isFinal(attempt: Attempt, call: CallNode): boolean {
    const { decision, outcome } = attempt;
    if (decision.retry) return false;
    const failed = decision.verdict === 'failure' || !outcome.ok;
    if (failed && decision !== GIVEN_UP && !call.run.aborted) this.#announceEnd(attempt, 'judge', call);
    return true;
  }

  async #wait(attempt: Attempt, schedule: RetrySchedule, call: CallNode): Promise<boolean> {
    const { run, scope } = call;
    // Given up since the attempt was judged: nothing is announced or spent for what does not come.
    if (scope.stopped !== undefined) throw scope.stopped.error;
    const random = this.randomIn(call);
    let delayMs: number | ExhaustedReason = 'backoff';
    try {
      const { retryAfterMs } = attempt.decision;
      const answer = schedule.next({ retryAfterMs, remainingMs: call.remainingMs, random });
      delayMs = 'budget';
      if (typeof answer === 'string' || this.budget?.take(run.clock.now()) !== false) delayMs = answer;
    } catch (fault) {
      this.faultIn(call, fault);
    }
    if (typeof delayMs === 'string') {
      this.#announceEnd(attempt, delayMs, call);
      return false;
    }
    const { number, outcome } = attempt;
    const waitMs = delayMs;
    this.emitIn(call, 'retry', () => ({ attempt: number, delayMs: waitMs, outcome }));
    const { recorder } = run;
    const startMs = recorder && run.clock.now();
    if (delayMs > 0) await sleep(call, delayMs);
    recorder?.waited(this, startMs as number);
    return true;
  }

  #announceEnd({ number, outcome }: Attempt, reason: ExhaustedReason, call: CallNode): void {
    this.emitIn(call, 'exhausted', () => ({ reason, attempt: number, outcome }));
  }
}

/** What p-retry's `AbortError`, which may hold another, was thrown for. */
function unwrapped(error: unknown): unknown {
  return isAbortError(error) && error.originalError instanceof Error ? unwrapped(error.originalError) : error;
}

const GIVEN_UP: Decision = { verdict: 'ignore', retry: false, retryAfterMs: undefined };

/**
 * Calls again, up to `retries` times, what failed in a way that may pass. Not tried again by default: a refusal by
 * another policy of the same run, the caller's abort, a `TypeError` that is no network error, p-retry's `AbortError`.
 * In the end the caller gets the last real outcome's own error or value, never a wrapper.
 *
 * An attempt that a racing timeout gave up on may still run while the next one does: see the docs for operations that
 * are not idempotent.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example retry({ retries: 3, backoff: exponential({ baseMs: 50, maxMs: 2_000 }) })
 */
export function retry(options?: RetryOptions): Retry {
  return new Retry(options);
}
