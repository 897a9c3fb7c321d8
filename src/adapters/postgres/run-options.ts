/** What a run is told of its statement or transaction. A class, since an object with a getter is dear to make. */
import type { Judge } from '../../core/judge.ts';
import type { RunOptions } from '../../core/run.ts';

/** Whether it may take place once more changes with what becomes of its attempts. */
interface Repeatable {
  readonly repeatable: boolean;
}

interface Given {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export class Running implements RunOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly judge: Judge;
  readonly context: object;
  readonly #what: Repeatable;

  constructor(what: Repeatable, { signal, timeoutMs }: Given, judge: Judge, text: string | undefined) {
    this.#what = what;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.judge = judge;
    this.context = { text };
  }

  /** Asked when an attempt has ended, and then as things stand. */
  get idempotent(): boolean {
    return this.#what.repeatable;
  }
}
