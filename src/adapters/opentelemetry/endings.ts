/** How a run or an attempt ended, in a word. */
import { refusedRun, TimeoutError } from '../../core/errors.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Run } from '../../core/run.ts';

/** Each is exactly one of these. A run is never `abandoned`, an attempt never `rejected` or a `fallback`. */
export type Ending = 'success' | 'failure' | 'rejected' | 'timeout' | 'aborted' | 'fallback' | 'abandoned';

export function endingOf(run: Run, { ok, error }: Outcome): Ending {
  if (ok) return 'success';
  if (run.aborted && error === run.abortReason) return 'aborted';
  if (refusedRun(error, run)) return 'rejected';
  return isTimeoutOf(run, error) ? 'timeout' : 'failure';
}

// One that another run threw, inside the operation, is an ordinary error.
const isTimeoutOf = ({ owner }: Run, error: unknown): boolean =>
  error instanceof TimeoutError && error.pipeline === owner.pipeline;
