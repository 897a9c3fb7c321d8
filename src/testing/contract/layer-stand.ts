/** A layer on the test stand: runs through it that go in every way. */
import { Rejection } from '../../core/errors.ts';
import { failure, type Outcome, success } from '../../core/outcome.ts';
import type { Gate, Layer, Policy } from '../../core/policy.ts';
import { deferred } from '../../core/promises.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { type SuiteClock, Trial, type TrialOptions, trialLine } from './trial.ts';

const TIMEOUT_MS = 10;
/** A while in which a layer may start something of its own. */
const WHILE_MS = 1_000;

export const ANSWERED: Outcome = success(Object.freeze({ what: 'an answer' }));
export const FAILED: Outcome = failure(new Error('the operation failed'));

function give({ ok, value, error }: Outcome): unknown {
  if (ok) return value;
  throw error;
}

// Written as a plain name it would pass for a slip: an object that is taken for a promise. Here that is meant.
const THEN = 'then';

/** In which ways an operation may give its outcome. */
export const WAYS: Readonly<Record<string, (outcome: Outcome) => unknown>> = {
  'at once': give,
  'with a promise': async (outcome) => give(outcome),
  'with a thenable': ({ ok, value, error }) => ({
    [THEN]: (resolve: (value: unknown) => void, reject: (error: unknown) => void) =>
      ok ? resolve(value) : reject(error),
  }),
};

/** A layer, and the pipelines in which it stands. */
export class LayerStand {
  readonly clock: SuiteClock;
  readonly layer: Layer;
  readonly line: Pipeline;
  /** Has the layer call the function for whatever it tells others. */
  readonly listen: (listener: () => void) => void;

  constructor(clock: SuiteClock, layer: Layer, listen: LayerStand['listen'] = () => {}) {
    this.clock = clock;
    this.layer = layer;
    this.listen = listen;
    this.line = this.place(layer);
  }

  /** Another pipeline in which trials can be made. */
  place(...policies: readonly Policy[]): Pipeline {
    return trialLine('contract', this.clock, policies);
  }

  async start(options?: TrialOptions, line = this.line): Promise<Trial> {
    const trial = new Trial(line, options);
    await this.clock.flush();
    return trial;
  }

  /** Lets the work of a run end, and time pass until its caller has an answer, if it ever does. */
  async finish(trial: Trial, outcome: Outcome): Promise<Trial> {
    trial.end(outcome);
    await this.clock.flush();
    await this.clock.pass(() => trial.outcome !== undefined);
    return trial;
  }
}

/** Makes a run, up to the moment at which its caller has an answer. */
export type Scenario = (stand: LayerStand) => Promise<Trial>;

/** Lets in the first so many calls, and refuses every other. */
const refusing = (first: number): Gate => {
  let calls = 0;
  return {
    enter: () => (calls++ < first ? undefined : new Rejection('refused by a gate further in')),
    leave: () => {},
  };
};

export const refused: Scenario = async (stand) =>
  stand.finish(await stand.start({}, stand.place(stand.layer, refusing(0))), ANSWERED);

/** Whatever the layer attempts after the first time is refused, also while that still goes on. */
const refusedAgain =
  (outcome: Outcome): Scenario =>
  async (stand) => {
    const trial = await stand.start({}, stand.place(stand.layer, refusing(1)));
    await stand.clock.advance(WHILE_MS);
    return stand.finish(trial, outcome);
  };

const inAllWays = (which: string, outcome: Outcome): [which: string, scenario: Scenario][] =>
  Object.entries(WAYS).map(([way, give]) => [
    `that ${which} ${way}`,
    async (stand) => stand.finish(await stand.start({ operation: () => give(outcome) }), outcome),
  ]);

/** Runs that come to their own end, by what is said of them. */
export const ENDED: Readonly<Record<string, Scenario>> = {
  'that succeeded': async (stand) => stand.finish(await stand.start(), ANSWERED),
  'that failed': async (stand) => stand.finish(await stand.start(), FAILED),
  ...Object.fromEntries([...inAllWays('succeeded', ANSWERED), ...inAllWays('failed', FAILED)]),
  'that a gate further in refused': refused,
  'that succeeded where further attempts were refused': refusedAgain(ANSWERED),
  'that failed where further attempts were refused': refusedAgain(FAILED),
  'of which a second attempt failed after the first had succeeded': async (stand) => {
    const second = deferred<never>();
    let attempts = 0;
    const trial = await stand.start({ operation: (work) => (attempts++ === 0 ? work : second.promise) });
    await stand.clock.advance(WHILE_MS);
    await stand.finish(trial, ANSWERED);
    second.reject(FAILED.error);
    if (attempts < 2) second.promise.catch(() => {});
    await stand.clock.flush();
    return trial;
  },
};

/** Gives up on a run some time after it has begun. */
const abandoned =
  (afterMs: number, outcome?: Outcome): Scenario =>
  async (stand) => {
    const trial = await stand.start();
    if (outcome !== undefined) trial.end(outcome);
    await stand.clock.advance(afterMs);
    trial.goAway();
    await stand.clock.flush();
    return trial;
  };

/** Runs that are given up, by what is said of them. */
export const GIVEN_UP: Readonly<Record<string, Scenario>> = {
  'that its caller gave up at once': abandoned(0),
  'that its caller gave up after a while': abandoned(WHILE_MS),
  'that its caller gave up after an attempt had failed': abandoned(0, FAILED),
  'that ran out of time': async (stand) => {
    const trial = await stand.start({ timeoutMs: TIMEOUT_MS });
    await stand.clock.advance(TIMEOUT_MS);
    return trial;
  },
};
