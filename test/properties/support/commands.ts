/** fast-check's commands, made of steps that are plain data, so that a script prints as what can be pasted. */
import fc from 'fast-check';
import type { Reached } from '../property.ts';

/** The real thing, to which steps can be done. */
interface Real<Step> {
  can(step: Step): boolean;
  /** Does it, and lets all that follows happen. Tells whether it was admitted, if it wanted to be. */
  apply(step: Step): Promise<boolean>;
  /** Throws what a claim threw inside a listener. */
  heed(): void;
}

/** A claim about the real thing, with what it has to remember. */
export class Model<Step, R extends Real<Step> = Real<Step>> {
  readonly driven: R;
  readonly reached: Reached;

  constructor(driven: R, reached: Reached) {
    this.driven = driven;
    this.reached = reached;
  }
  before(_step: Step): Promise<void> | void {}
  after(_step: Step, _admitted: boolean): Promise<void> | void {}
  /** In a race, at every microtask; else after every step. */
  look(): void {}
  /** When nothing is pending. */
  rest(): void {}
}

type Command<Step> = fc.AsyncCommand<Model<Step>, Real<Step>>;

/** As they are generated, or as they are printed. */
export type Steps<Step> = Iterable<Command<Step> | Step>;

/** How often the steps of a kind come; they shrink to the first of their kind. */
export type Kind<Step> = readonly [weight: number, steps: readonly Step[]];

function commandOf<Step>(step: Step): Command<Step> {
  return {
    check: ({ driven }) => driven.can(step),
    async run(model, driven) {
      await model.before(step);
      const admitted = await driven.apply(step);
      driven.heed();
      await model.after(step, admitted);
      model.look();
      model.rest();
    },
    toString: () => fc.stringify(step),
  };
}

export function stepsOf<Step>(kinds: readonly Kind<Step>[], maxCommands: number): fc.Arbitrary<Steps<Step>> {
  const step = fc.oneof(
    ...kinds.map(([weight, steps]) => ({ weight, arbitrary: fc.constantFrom(...steps.map(commandOf)) })),
  );
  return fc.commands<Model<Step>, Real<Step>, false>([step], {
    maxCommands,
    size: 'max',
    disableReplayLog: true,
  });
}

/** Does the steps, those that can be done, one after the other. */
export function drive<Step extends object>(model: Model<Step>, steps: Steps<Step>): Promise<void> {
  const commands = [...steps].map((each) => ('run' in each ? each : commandOf(each)));
  return fc.asyncModelRun(() => ({ model, real: model.driven }), commands);
}
