/** Runs in the hands of a contract suite, and the clock on which they take place. */
import type { Timer } from '../../core/clock.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';
import type { Layer, Operation, Policy } from '../../core/policy.ts';
import { deferred } from '../../core/promises.ts';
import { type Pipeline, pipeline } from '../../pipeline/pipeline.ts';
import { VirtualClock } from '../virtual-clock.ts';

/** How many times the clock is moved, each time twice as far, for whatever takes time to be over: a day and a half. */
const STEPS = 28;

// Above these numbers a policy goes on for ever, and would keep the suite from saying so.
const MAX_TIMERS = 2_000;
const MAX_INVOCATIONS = 1_000;

/** A virtual clock on which nothing goes on for ever. */
export class SuiteClock extends VirtualClock {
  #timers = 0;

  override setTimer(ms: number, fn: () => void): Timer {
    if (++this.#timers > MAX_TIMERS) throw new Error('the policy sets timers without an end');
    return super.setTimer(ms, fn);
  }

  /** Lets promises settle, and no time pass. */
  flush(): Promise<void> {
    return this.advance(0);
  }

  /** Lets more and more time pass, until `isOver` after a step; for more than a day. */
  async pass(isOver: () => boolean | Promise<boolean>): Promise<void> {
    for (let step = 0; step < STEPS && !(await isOver()); step++) await this.advance(2 ** step);
  }
}

/** What may be different about a run. */
export interface TrialOptions {
  /** Whether something further in answers in place of the operation. */
  readonly unused?: boolean;
  readonly timeoutMs?: number;
  /** What the operation does, in place of waiting for the work that the suite ends. */
  readonly operation?: (work: Promise<unknown>) => unknown;
}

/** One run: what became of it so far, and its work, which ends when the suite says so. */
export class Trial {
  readonly options: TrialOptions;
  readonly #caller = new AbortController();
  /** How the run ended. */
  outcome: Outcome | undefined = undefined;
  /** Whether it got past the policy. */
  entered = false;
  /** Whether its work is over, as far as the suite is concerned. */
  ended = false;
  /** Whether it ended with the very `Rejection` that a gate returned. */
  refused = false;
  invocations = 0;
  /** Whether its operation was called by anything else than `next`. */
  bypassed = false;
  /** Whether its operation was given anything else than the call of its own run. */
  misled = false;
  readonly #work = deferred<unknown>();
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  /** Whether it is what stands further in that invokes the operation right now. */
  #invoking = false;

  constructor(line: Pipeline, options: TrialOptions = {}) {
    this.options = options;
    const { signal } = this.#caller;
    this.over = line.run(this.#operation, { signal, timeoutMs: options.timeoutMs, context: this }).then(
      (value) => {
        this.outcome = success(value);
      },
      (error) => {
        this.outcome = failure(error);
      },
    );
  }

  get waiting(): boolean {
    return !this.entered && this.outcome === undefined;
  }

  /** Work of it is going on. */
  get inside(): boolean {
    return this.entered && !this.ended;
  }

  /** Its caller gives up on it. */
  goAway(): void {
    this.#caller.abort(new Error('the caller went away'));
  }

  /** Ends its work; if that has not begun, it will be over at once. */
  end({ ok, value, error }: Outcome): void {
    this.ended = true;
    if (ok) this.#work.resolve(value);
    else this.#work.reject(error);
    this.#work.promise.catch(() => {}); // perhaps nobody began it
  }

  readonly #operation: Operation<unknown> = (call) => {
    this.invocations++;
    this.bypassed ||= !this.#invoking;
    this.misled ||= call?.context !== this || !(call.signal instanceof AbortSignal);
    if (this.invocations > MAX_INVOCATIONS) return new Promise(() => {});
    const { operation } = this.options;
    return operation === undefined ? this.#work.promise : operation(this.#work.promise);
  };

  /** What stands innermost: the door through which a policy lets a run in. */
  static readonly door: Layer = {
    around: (next) => (operation, call) => {
      const trial = call.context as Trial;
      trial.entered = true;
      if (trial.options.unused) return trial.#work.promise as Promise<never>;
      return next((given) => {
        trial.#invoking = true;
        try {
          return operation(given);
        } finally {
          trial.#invoking = false;
        }
      }, call);
    },
  };
}

/** A pipeline of these policies on which trials can be made. */
export function trialLine(name: string, clock: VirtualClock, policies: readonly Policy[]): Pipeline {
  const line = pipeline({ name, clock }, ...policies, Trial.door);
  line.on('call', ({ context, outcome, rejections }) => {
    (context as Trial).refused = rejections.some(({ error }) => error === outcome.error);
  });
  return line;
}

/** The words, and how often each stands in a row: `2 let in, 1 waiting, 61 refused`. */
export function tally(words: readonly string[]): string {
  const rows: { word: string; count: number }[] = [];
  for (const word of words) {
    const last = rows.at(-1);
    if (last?.word === word) last.count++;
    else rows.push({ word, count: 1 });
  }
  return rows.map(({ word, count }) => `${count} ${word}`).join(', ');
}
