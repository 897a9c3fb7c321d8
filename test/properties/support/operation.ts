/** Operations that go as a script says. */
import { type Outcome, Rejection } from 'holdfast';
import type { Invocation } from './records.ts';
import type { Step } from './script.ts';
import type { Stage } from './stage.ts';

/** Does what the step says. `over` is told how the work ended, before anyone else can know. */
export function perform(
  step: Step,
  invocation: Invocation,
  stage: Stage,
  label: string,
  over: (outcome: Outcome) => void,
): unknown {
  const outcome = outcomeOf(step, label);
  if (step.as === 'nothing') {
    over(outcome);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }
  const work = new Work(over);
  if (step.ms === 'never') stage.cueAtLast(() => work.end(outcome));
  else stage.cue(step.ms, label, () => work.end(outcome));
  if (step.heeds) {
    const { signal } = invocation.call;
    signal.addEventListener('abort', () => work.end({ ok: false, error: signal.reason }));
  }
  if (step.as === 'promise') return new Promise((resolve, reject) => work.tell(resolve, reject));
  return {
    then: (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
      if (step.as === 'thenable that throws') work.end({ ok: false, error: new Error(`${label} threw`) });
      work.tell(resolve, reject);
      if (step.as === 'thenable that calls back twice') work.tell(reject, resolve);
      if (step.as === 'thenable that throws') throw new Error('after it has called back');
    },
  };
}

type Settle = (value: unknown) => void;

/** Work that ends once, and whoever waits for it. */
class Work {
  readonly #over: (outcome: Outcome) => void;
  readonly #waiting: [Settle, Settle][] = [];
  #outcome: Outcome | undefined = undefined;

  constructor(over: (outcome: Outcome) => void) {
    this.#over = over;
  }

  end(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#over(outcome);
    for (const [resolve, reject] of this.#waiting) this.tell(resolve, reject);
  }

  tell(resolve: Settle, reject: Settle): void {
    const outcome = this.#outcome;
    if (outcome === undefined) this.#waiting.push([resolve, reject]);
    else if (outcome.ok) resolve(outcome.value);
    else reject(outcome.error);
  }
}

function outcomeOf({ how }: Step, label: string): Outcome {
  switch (how) {
    case 'value':
      return { ok: true, value: label };
    case 'error':
      return { ok: false, error: new Error(label) };
    case 'bug':
      return { ok: false, error: new TypeError(label) };
    case 'foreign rejection':
      return { ok: false, error: new Rejection(label, { pipeline: 'elsewhere' }) };
  }
}
