import type { Disposes } from '../../core/disposable.ts';
import type { Verdict } from '../../core/judge.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';

/** Leave to do work that is not a function. Exactly one of its methods counts: the first. */
export class BreakerPermit implements Disposes {
  #leave: ((outcome: Outcome | 'unused', verdict?: Verdict) => void) | undefined;

  constructor(leave: (outcome: Outcome | 'unused', verdict?: Verdict) => void) {
    this.#leave = leave;
  }

  /** The work succeeded. */
  success(value?: unknown): void {
    this.#end(success(value), 'success');
  }

  /** The work failed. */
  failure(error: unknown): void {
    this.#end(failure(error), 'failure');
  }

  /** The work says nothing about the dependency. */
  ignore(): void {
    this.#end('unused');
  }

  /** `using` ignores what was not said to be a success or a failure. */
  [Symbol.dispose](): void {
    this.ignore();
  }

  #end(outcome: Outcome | 'unused', verdict?: Verdict): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.(outcome, verdict);
  }
}
