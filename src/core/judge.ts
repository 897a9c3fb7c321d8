/**
 * One idea for "what counts as a failure, and may it be tried again". A judge that returns nothing passes the
 * question on: from the policy's own to the run's, the pipeline's, and at last the default below.
 */
import isNetworkError from 'is-network-error';
import type { Call, CallNode } from './call.ts';
import { refusedRun } from './errors.ts';
import { check } from './options.ts';
import type { Outcome } from './outcome.ts';
import { isThenable } from './promises.ts';

/** What an outcome says about the dependency; `ignore` is neither for it nor against it. */
export type Verdict = 'success' | 'failure' | 'ignore';

/** A verdict, with what a retry and a breaker should know beside it. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Whether it may be tried again. Default: a failure may. */
  readonly retry?: boolean | undefined;
  /** The server's hint: milliseconds before which it wants no new try. */
  readonly retryAfterMs?: number | undefined;
}

/** Says what an outcome counts as; `undefined` leaves it to the next in line. */
// biome-ignore lint/suspicious/noConfusingVoidType: a judge that ends without a `return` has no opinion
export type Judge = (outcome: Outcome, call: Call) => Verdict | Judgement | undefined | void;

/** The judges of the pipelines around a call, the innermost first. */
export interface Judges {
  readonly judge: Judge;
  readonly outer: Judges | undefined;
}

/** Whose outcome is judged: it may have a judge of its own, and is told what a judge throws. */
export interface Judging {
  readonly settings: { readonly judge?: Judge | undefined };
  faultIn(call: CallNode, fault: unknown): void;
}

/** A judgement in which nothing is left open. */
export interface Decision {
  readonly verdict: Verdict;
  readonly retry: boolean;
  readonly retryAfterMs: number | undefined;
}

const decision = (verdict: Verdict, retry: boolean): Decision => ({
  verdict,
  retry,
  retryAfterMs: undefined,
});
const SUCCESS = decision('success', false);
const IGNORE = decision('ignore', false);
const TRANSIENT = decision('failure', true);
const FINAL = decision('failure', false);

/** p-retry's `AbortError`, known by its shape, since the class of a bundled copy is not the user's. */
export const isAbortError = (error: unknown): error is Error & { readonly originalError: unknown } =>
  read(() => error instanceof Error && error.name === 'AbortError' && 'originalError' in error);

/**
 * The default: a value is a success; an error is a failure that may be tried again, with these exceptions. A
 * `TypeError` that is not a network error is a bug in the code, not a fault of the dependency; this run's own
 * rejection and p-retry's `AbortError` are not to be tried again.
 */
function judgeByDefault(outcome: Outcome, call: CallNode): Decision {
  if (outcome.ok) return SUCCESS;
  const { error } = outcome;
  if (read(() => error instanceof TypeError && !isNetworkError(error))) return IGNORE;
  return endsRetrying(error, call) ? FINAL : TRANSIENT;
}

const endsRetrying = (error: unknown, call: CallNode): boolean =>
  isAbortError(error) || refusedRun(error, call.run);

/**
 * Decides on an outcome. The caller's own abort is ignored, whatever the judges say. A judge that throws, or answers
 * with what is no verdict: the outcome stands, as a failure that is not tried again, and `policy` is told.
 */
export function judge(policy: Judging, outcome: Outcome, call: CallNode): Decision {
  const { run } = call;
  if (!outcome.ok && run.aborted && outcome.error === run.abortReason) return IGNORE;
  const { judge: ofRun } = run.options;
  try {
    let answer = policy.settings.judge?.(outcome, call) ?? ofRun?.(outcome, call);
    for (let next = call.judges; answer == null && next !== undefined; next = next.outer) {
      answer = next.judge(outcome, call);
    }
    return answer == null ? judgeByDefault(outcome, call) : decide(answer, outcome, call);
  } catch (fault) {
    policy.faultIn(call, fault);
    return FINAL;
  }
}

/** What is thrown may throw when it is looked at, such as a revoked proxy: then it is nothing in particular. */
function read(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

function decide(answer: Verdict | Judgement, outcome: Outcome, call: CallNode): Decision {
  const { verdict, retry, retryAfterMs }: Judgement =
    typeof answer === 'string' ? { verdict: answer } : answer;
  // Async by mistake: what it comes to is nobody's.
  if (isThenable(answer)) answer.then(undefined, () => {});
  check('judge', 'verdict', verdict, "'success' or 'failure' or 'ignore'");
  if (retryAfterMs !== undefined)
    check('judge', 'retryAfterMs', retryAfterMs, 'a number >= 0 (Infinity is allowed)');
  // A plain `failure` does not speak of trying again: what ends the retrying by default still ends it.
  const mayRetry = verdict === 'failure' && (outcome.ok || !endsRetrying(outcome.error, call));
  return { verdict, retry: retry ?? mayRetry, retryAfterMs };
}
