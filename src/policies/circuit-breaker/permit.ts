import type { Disposes } from '../../core/disposable.ts';
import type { Verdict } from '../../core/judge.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';

/** Leave to do work that is not a function. Exactly one of its methods counts: the first. */
export interface BreakerPermit extends Disposes {
  /** The work succeeded. */
  success(value?: unknown): void;
  /** The work failed. */
  failure(error: unknown): void;
  /** The work says nothing about the dependency; so does the end of a `using` block. */
  ignore(): void;
}

/** A permit that says, once, how the work ended. */
export function permit(leave: (outcome: Outcome | 'unused', verdict?: Verdict) => void): BreakerPermit {
  let open = true;
  const end: typeof leave = (outcome, verdict) => {
    if (!open) return;
    open = false;
    leave(outcome, verdict);
  };
  const ignore = (): void => end('unused');
  return {
    success: (value) => end(success(value), 'success'),
    failure: (error) => end(failure(error), 'failure'),
    ignore,
    [Symbol.dispose]: ignore,
  };
}
