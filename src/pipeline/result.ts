/**
 * How a run ended, in one word: what metrics count it as. It is decided by what happened in the run, not by the class
 * of an error: the rejection or time-out of another pipeline, which the operation lets through, is a failure here.
 */
import type { CallNode } from '../core/call.ts';
import { refusedRun } from '../core/errors.ts';
import { type Judging, judge } from '../core/judge.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import type { Run } from '../core/run.ts';

/**
 * How a run ended: a fallback answered (`fallback`), the caller gave up (`aborted`), a policy of the pipeline refused it
 * (`rejected`) or its time was over (`timeout`); else what the judges of the run and the pipeline say of the outcome.
 */
export type CallResult = 'success' | 'failure' | 'rejected' | 'timeout' | 'aborted' | 'fallback';

/** The same, in the order in which it is written down. */
export const CALL_RESULTS: readonly CallResult[] = [
  'success',
  'failure',
  'rejected',
  'timeout',
  'aborted',
  'fallback',
];

/** Who asks the judges here: no policy, but the pipeline itself, which is told what they throw. */
const ASKING: Judging = {
  settings: {},
  faultIn: ({ run: { owner } }, fault) =>
    owner.fault(fault, { policy: owner.name, pipeline: owner.pipeline }),
};

/** Whether what ended so failed: by the judges of the run and of the pipelines around; a bug in the code has failed, too. */
function failed(outcome: Outcome, call: CallNode): boolean {
  if (call.judges === undefined && call.run.options.judge === undefined) return !outcome.ok;
  const { verdict } = judge(ASKING, outcome, call);
  return verdict === 'ignore' ? !outcome.ok : verdict === 'failure';
}

/** How an invocation of the operation ended, in the same words. */
export type AttemptResult = 'success' | 'failure' | 'timeout' | 'aborted';

/** That of one which ended by itself. */
export function resultOfAttempt(call: CallNode, outcome: Outcome): AttemptResult {
  if (!outcome.ok && call.run.aborted) return 'aborted';
  return failed(outcome, call) ? 'failure' : 'success';
}

/** That of one which was given up. */
export const resultOfGivenUp = (run: Run): AttemptResult => (run.aborted ? 'aborted' : 'timeout');

/** What has to be remembered of a run to say how it ended: the part of a recorder that all of them have in common. */
export abstract class Facts {
  readonly run: Run;
  private answered = false;
  /** The errors of the time-outs: the run may end with an earlier one, where an attempt after it never came to run. */
  private lateness: unknown[] | undefined = undefined;

  constructor(run: Run) {
    this.run = run;
  }

  began(_call: CallNode): void {
    this.answered = false;
  }

  timedOut(_policy: Policy | undefined, error: unknown): void {
    this.lateness ??= [];
    this.lateness.push(error);
  }

  recovered(): void {
    this.answered = true;
  }

  protected resultOf(outcome: Outcome): CallResult {
    const { run } = this;
    const { ok, error } = outcome;
    if (ok && this.answered) return 'fallback';
    if (!ok) {
      if (run.aborted && error === run.abortReason) return 'aborted';
      if (refusedRun(error, run)) return 'rejected';
      if (this.lateness?.includes(error)) return 'timeout';
    }
    return failed(outcome, run) ? 'failure' : 'success';
  }
}
