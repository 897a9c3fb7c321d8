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
export type Decision = Judgement & { readonly retry: boolean };

const SUCCESS: Decision = { verdict: 'success', retry: false, retryAfterMs: undefined };
const IGNORE: Decision = { verdict: 'ignore', retry: false, retryAfterMs: undefined };
const TRANSIENT: Decision = { verdict: 'failure', retry: true, retryAfterMs: undefined };
const FINAL: Decision = { verdict: 'failure', retry: false, retryAfterMs: undefined };

/** p-retry's `AbortError`, known by its shape, since the class of a bundled copy is not the user's. */
export const isAbortError = (error: unknown): error is Error & { readonly originalError: unknown } =>
  reads(() => error instanceof Error && error.name === 'AbortError' && 'originalError' in error);

/** A bug in the code, not a fault of the dependency. */
const isBug = (error: unknown): boolean => reads(() => error instanceof TypeError && !isNetworkError(error));

/** What was thrown may throw when it is looked at, as a revoked proxy does: then it is nothing in particular. */
function reads(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

/**
 * Decides on an outcome. The caller's own abort is ignored, whatever the judges say. By default a value is a success, a
 * bug is ignored, and any other error is a failure. A failure may be tried again, but for this run's own rejection and
 * p-retry's `AbortError`. A judge that throws, or answers with what is no verdict: the outcome stands, as a failure that
 * is not tried again, and `policy` is told.
 */
export function judge(policy: Judging, outcome: Outcome, call: CallNode): Decision {
  const asked = policy.settings.judge ?? call.run.options.judge ?? call.judges;
  return outcome.ok && asked === undefined ? SUCCESS : weigh(policy, outcome, call);
}

function weigh(policy: Judging, outcome: Outcome, call: CallNode): Decision {
  const { run } = call;
  const { ok, error } = outcome;
  if (!ok && run.aborted && error === run.abortReason) return IGNORE;
  try {
    let answer = policy.settings.judge?.(outcome, call) ?? run.options.judge?.(outcome, call);
    for (let next = call.judges; answer == null && next !== undefined; next = next.outer) {
      answer = next.judge(outcome, call);
    }
    if (ok && answer == null) return SUCCESS;
    const once = run.options.idempotent === false;
    const mayPass = !once && !isAbortError(error) && !refusedRun(error, run);
    if (answer == null) return isBug(error) ? IGNORE : mayPass ? TRANSIENT : FINAL;
    const { verdict, retry, retryAfterMs }: Judgement =
      typeof answer === 'string' ? { verdict: answer } : answer;
    // Async by mistake: what it comes to is nobody's.
    if (isThenable(answer)) answer.then(undefined, () => {});
    check('judge', 'verdict', verdict ?? answer, "'success' or 'failure' or 'ignore'");
    if (retryAfterMs !== undefined)
      check('judge', 'retryAfterMs', retryAfterMs, 'a number >= 0 (Infinity is allowed)');
    return { verdict, retry: !once && (retry ?? (verdict === 'failure' && mayPass)), retryAfterMs };
  } catch (fault) {
    policy.faultIn(call, fault);
    return FINAL;
  }
}
