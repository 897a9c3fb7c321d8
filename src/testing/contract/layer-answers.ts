/** The laws of a layer about what it answers: what the operation gave, to whom it belongs, and always something. */
import { isRejection } from '../../core/errors.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';
import type { Gate, Layer, Next } from '../../core/policy.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { type Demand, inWords, type Law } from './contract.ts';
import { ANSWERED, ENDED, FAILED, GIVEN_UP, LayerStand, refused, WAYS } from './layer-stand.ts';
import { Trial } from './trial.ts';

type LayerLaw = Law<LayerStand>;

const CROWD = 8;
/** Values that are taken for none, or for something else; and one that cannot be written to. */
const ODD_VALUES = [ANSWERED.value, undefined, null, 0, '', false, new Error('an error that is a value')];
const ODD_ERRORS = [FAILED.error, 'a string', undefined, null, Object.freeze(new Error('frozen'))];

const told = (outcome: Outcome | undefined): string => {
  if (outcome === undefined) return 'the run never settled';
  return outcome.ok ? `the run gave ${inWords(outcome.value)}` : `the run threw ${inWords(outcome.error)}`;
};

/** Demands that a run ended exactly so. */
function same(demand: Demand, { outcome }: Trial, expected: Outcome): void {
  const equal =
    outcome?.ok === expected.ok &&
    Object.is(outcome.value, expected.value) &&
    Object.is(outcome.error, expected.error);
  const [what, own] = expected.ok ? ['value', expected.value] : ['error', expected.error];
  demand(equal, told(outcome), `the very ${what}, ${inWords(own)}`);
}

const passesOn = (rule: string, outcomes: readonly Outcome[]): LayerLaw[] =>
  Object.entries(WAYS).map(([way, give]) => [
    `${rule} ${way}`,
    async (stand, demand) => {
      for (const outcome of outcomes) {
        const used = stand();
        const trial = await used.start({ operation: () => give(outcome) });
        same(demand, await used.finish(trial, outcome), outcome);
      }
    },
  ]);

/** For a layer that does not put values of its own in the place of the operation's. */
export const PASSES_VALUES = passesOn(
  'passes on the very value of an operation that answers',
  ODD_VALUES.map(success),
);

/** For a layer that does not put errors of its own, or values, in the place of the operation's errors. */
export const PASSES_ERRORS: readonly LayerLaw[] = [
  ...passesOn('passes on the very error of an operation that fails', ODD_ERRORS.map(failure)),
  [
    'passes on the very Rejection of a gate further in',
    async (stand, demand) => {
      const trial = await refused(stand());
      demand(trial.refused, told(trial.outcome), 'the very Rejection');
    },
  ],
];

/** For every layer, as far as it passes on what an operation gave. */
export const keepsApart = (passesOn: (outcome: Outcome) => boolean): LayerLaw => [
  'keeps calls apart that run at the same time, in one pipeline and in several',
  async (stand, demand) => {
    const used = stand();
    const lines = [used.line, used.place(used.layer)];
    const runs: { trial: Trial; outcome: Outcome }[] = [];
    for (let n = 0; n < CROWD; n++) {
      const outcome = n % 3 === 0 ? failure(new Error(`error ${n}`)) : success(`answer ${n}`);
      runs.push({ trial: new Trial(lines[n % lines.length] as Pipeline, {}), outcome });
    }
    await used.clock.flush();
    for (const { trial, outcome } of [...runs].reverse()) trial.end(outcome);
    await used.clock.pass(() => runs.every(({ trial }) => trial.outcome !== undefined));
    for (const { trial, outcome } of runs) if (passesOn(outcome)) same(demand, trial, outcome);
  },
];

/** Whoever stands further out may use any method of it. */
const isPromise = (answer: unknown): boolean =>
  METHODS.every((name) => typeof (answer as Partial<Promise<unknown>> | undefined)?.[name] === 'function');
const METHODS = ['then', 'catch', 'finally'] as const;

/** Writes down what the layer returns that is no promise, or throws. */
function watched(layer: Layer, faults: string[]): Layer {
  return {
    around: (next) => {
      const inner = layer.around(next);
      const watch: Next = (operation, call) => {
        try {
          const answer = inner(operation, call);
          if (!isPromise(answer)) faults.push(`it returned ${inWords(answer)}`);
          return answer;
        } catch (error) {
          faults.push(`it threw ${inWords(error)}`);
          throw error;
        }
      };
      return watch;
    },
  };
}

/** A gate that counts those it lets in. */
function counting(): Gate & { entered: number } {
  const gate = { entered: 0, enter: () => void gate.entered++, leave: () => {} };
  return gate;
}

const keepsPipelines: LayerLaw = [
  'passes each call on to what stands further in in its own pipeline',
  async (stand, demand) => {
    const used = stand();
    const gates = [counting(), counting(), counting()];
    const lines = gates.map((gate) => used.place(used.layer, gate));
    for (const [n, line] of lines.entries()) {
      const before = gates.map(({ entered }) => entered);
      await used.finish(await used.start({}, line), ANSWERED);
      const strangers = gates.filter((gate, other) => other !== n && gate.entered !== before[other]);
      demand(
        strangers.length === 0,
        'a call of one pipeline came to a gate of another',
        'it in its own alone',
      );
    }
  },
];

const answersAfter: LayerLaw = [
  'answers a call after others, however these ended, as it answers a first one',
  async (stand, demand) => {
    const first = stand();
    const expected = told((await first.finish(await first.start(), ANSWERED)).outcome);
    for (const [which, scenario] of Object.entries({ ...ENDED, ...GIVEN_UP })) {
      const used = stand();
      for (let n = 0; n < CROWD; n++) (await scenario(used)).end(FAILED);
      await used.clock.pass(() => false);
      const seen = told((await used.finish(await used.start(), ANSWERED)).outcome);
      demand(seen === expected, `${seen}, after ${CROWD} calls ${which}`, expected);
    }
  },
];

const returnsPromises: LayerLaw = [
  'returns a promise, and throws nothing',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries(ENDED)) {
      const { clock, layer } = stand();
      const faults: string[] = [];
      await scenario(new LayerStand(clock, watched(layer, faults)));
      demand(faults.length === 0, `${faults[0]}, for a call ${which}`, 'a promise');
    }
  },
];

const answersAll: LayerLaw = [
  'answers every call',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries(ENDED)) {
      const { outcome } = await scenario(stand());
      demand(outcome !== undefined, `a call ${which} was never answered`, 'an answer');
    }
  },
];

const answersNested: LayerLaw = [
  'answers a call whose operation calls through the layer again, and waits for that',
  async (stand, demand) => {
    const used = stand();
    const nested = () => {
      const inner = new Trial(used.line);
      inner.end(ANSWERED);
      return inner.over;
    };
    const { outcome } = await used.finish(await used.start({ operation: nested }), ANSWERED);
    demand(outcome !== undefined, 'it was never answered', 'an answer');
  },
];

const rejectsHonestly: LayerLaw = [
  'gives a Rejection only for a call that was never invoked',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries({ ...ENDED, ...GIVEN_UP })) {
      const { outcome, invocations } = await scenario(stand());
      const honest = !isRejection(outcome?.error) || invocations === 0;
      demand(honest, `${told(outcome)}, for a call ${which}`, 'what an attempt gave that was not refused');
    }
  },
];

/** For every layer. */
export const ANSWERS: readonly LayerLaw[] = [
  answersAll,
  answersAfter,
  answersNested,
  returnsPromises,
  rejectsHonestly,
  keepsPipelines,
];

/** For a layer that has listeners. */
export const survivesThrows: LayerLaw = [
  'answers the same where a listener throws',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries({ ...ENDED, ...GIVEN_UP })) {
      const expected = told((await scenario(stand())).outcome);
      const used = stand();
      used.listen(() => {
        throw new Error('a listener threw');
      });
      const seen = told((await scenario(used)).outcome);
      demand(seen === expected, `${seen}, for a call ${which}`, expected);
    }
  },
];
