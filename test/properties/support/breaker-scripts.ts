/** What may happen to a breaker: one step after the other, or much at once, in an order that a scheduler chooses. */
import fc from 'fast-check';
import { Driven } from './breaker-driven.ts';
import { type BreakerRules, breakerRules } from './breaker-rules.ts';
import { type BreakerModel, type BreakerStep, breakerSteps } from './breaker-steps.ts';
import { drive, type Steps } from './commands.ts';
import { type Race, race, raced, type Task } from './race.ts';
import { type How, Operation } from './work.ts';

export interface BreakerCourse {
  readonly rules: BreakerRules;
  /** Open: it has opened before, and its wait is over. */
  readonly from: 'closed' | 'open';
  readonly steps: Steps<BreakerStep>;
}

export interface BreakerRace extends Race {
  readonly rules: BreakerRules;
  /** Calls that are made while it is closed, and are out when it has opened and its wait is over. */
  readonly early: readonly How[];
  /** Calls that come now. */
  readonly late: readonly How[];
  /** What else is done meanwhile. */
  readonly moves: readonly BreakerStep[];
}

export type BreakerScript = BreakerCourse | BreakerRace;

/** The parts of a course of up to so many steps; `more` are steps that not everyone wants. */
export const courseParts = (maxSteps: number, more?: readonly BreakerStep[]) => ({
  rules: breakerRules,
  from: fc.constantFrom<BreakerCourse['from'][]>('closed', 'open'),
  steps: breakerSteps(maxSteps, more),
});

export const breakerCourse = (maxSteps: number, more?: readonly BreakerStep[]): fc.Arbitrary<BreakerCourse> =>
  fc.record(courseParts(maxSteps, more), { noNullPrototype: true });

const hows = (maxLength: number): fc.Arbitrary<How[]> =>
  fc.array(fc.constantFrom<How[]>('success', 'failure', 'ignore'), { maxLength, size: 'max' });

const MOVES: readonly BreakerStep[] = [
  { do: 'acquire' },
  { do: 'close' },
  { do: 'open' },
  { do: 'advance', ms: 10 },
  { do: 'advance', ms: 60 },
];

export const breakerRace: fc.Arbitrary<BreakerRace> = fc.record(
  {
    rules: breakerRules,
    early: hows(3),
    late: hows(6),
    moves: fc.array(fc.constantFrom(...MOVES), { maxLength: 2, size: 'max' }),
    ...raced,
  },
  { noNullPrototype: true },
);

const OPENING: readonly BreakerStep[] = [{ do: 'open' }, { do: 'reach', earlyMs: 0 }];

/** Makes it happen, and has the model watch. */
export async function driveBreaker(
  script: BreakerScript,
  modelOf: (driven: Driven) => BreakerModel,
): Promise<void> {
  const driven = new Driven(script.rules);
  const model = modelOf(driven);
  await ('steps' in script ? driveCourse(script, model) : driveRace(script, model));
  driven.heed();
}

export const driveCourse = ({ from, steps }: BreakerCourse, model: BreakerModel): Promise<void> =>
  drive(model, from === 'open' ? [...OPENING, ...steps] : steps);

async function driveRace(script: BreakerRace, model: BreakerModel): Promise<void> {
  const { driven } = model;
  const { clock } = driven;
  const act = (step: BreakerStep, what = () => driven.act(step)): void => {
    void model.before(step);
    void model.after(step, what());
  };
  const early = script.early.map((how) => [how, new Operation()] as const);
  const late = script.late.map((how) => [how, new Operation()] as const);
  const comes = (work: Operation): void => {
    // One that is aborted before it comes is nothing to the breaker.
    if (work.how === 'ignore') driven.call(work);
    else act({ do: 'call' }, () => driven.call(work));
  };
  for (const [, work] of early) comes(work);
  act({ do: 'open' });
  await clock.advance(driven.breaker.retryAfterMs ?? 0);
  const tasks: Task[] = [
    ...early.map(([how, work], i): Task => [`early call ${i} ends`, () => work.end(how)]),
    ...late.map(([, work], i): Task => [`call ${i} comes`, () => comes(work)]),
    ...late.map(([how, work], i): Task => [`call ${i} ends`, () => work.end(how)]),
    ...script.moves.map((step): Task => [step.do, step.do === 'advance' ? step.ms : () => act(step)]),
  ];
  await race(script, tasks, {
    elapse: (ms) => clock.advance(ms),
    look: () => {
      driven.heed();
      model.look();
    },
  });
  model.rest();
}
