import type { Disposes } from '../../core/disposable.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';

/** Leave to do work that is not a function. Exactly one of its methods counts: the first. */
export class BreakerPermit implements Disposes {
  #leave: ((outcome: Outcome | undefined) => void) | undefined;

  constructor(leave: (outcome: Outcome | undefined) => void) {
    this.#leave = leave;
  }

  /** The work succeeded. */
  success(value?: unknown): void {
    this.#end(success(value));
  }

  /** The work failed. */
  failure(error: unknown): void {
    this.#end(failure(error));
  }

  /** The work says nothing about the dependency. */
  ignore(): void {
    this.#end(undefined);
  }

  /** `using` ignores what was not said to be a success or a failure. */
  [Symbol.dispose](): void {
    this.#end(undefined);
  }

  #end(outcome: Outcome | undefined): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.(outcome);
  }
}
