/** The laws of a layer about how it treats the operation and the call, and that it leaves nothing lying about. */
import { inWords, type Law, NO_REJECTION } from './contract.ts';
import { ANSWERED, ENDED, FAILED, GIVEN_UP, type LayerStand } from './layer-stand.ts';
import type { Trial } from './trial.ts';

type LayerLaw = Law<LayerStand>;

const CROWD = 8;

/** Several runs at a time. */
async function crowd(stand: LayerStand): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let n = 0; n < CROWD; n++) trials.push(await stand.start());
  for (const trial of trials) await stand.finish(trial, ANSWERED);
  return trials;
}

const passesCall: LayerLaw = [
  'passes on the call that it was given',
  async (stand, demand) => {
    for (const { misled, entered, outcome } of await crowd(stand())) {
      const refused = !entered && outcome?.ok === false;
      const seen = refused
        ? `the run threw ${inWords(outcome.error)}`
        : 'the operation had another, or a copy';
      demand(!misled && !refused, seen, 'the same object');
    }
  },
];

const passesOperation: LayerLaw = [
  'calls the operation through `next` alone',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries({ ...ENDED, ...GIVEN_UP })) {
      const { bypassed } = await scenario(stand());
      const seen = `it called the operation itself, past the policies further in, for a call ${which}`;
      demand(!bypassed, seen, 'a call of `next`');
    }
  },
];

const stops: LayerLaw = [
  'starts nothing for a call that was given up',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries(GIVEN_UP)) {
      const used = stand();
      const trial = await scenario(used);
      const before = trial.invocations;
      trial.end(FAILED);
      await used.clock.pass(() => false);
      const after = trial.invocations - before;
      demand(after === 0, `the operation was invoked ${after} times after a call ${which}`, 'no more of it');
    }
  },
];

const leavesNoTimer: LayerLaw = [
  'leaves no timer behind when a call has its answer',
  async (stand, demand) => {
    for (const [which, scenario] of Object.entries({ ...ENDED, ...GIVEN_UP })) {
      const used = stand();
      await scenario(used);
      const { pendingTimers } = used.clock;
      demand(pendingTimers === 0, `${pendingTimers}, for a call ${which}`, 'none');
    }
  },
];

const leavesNoRejection: LayerLaw = [
  NO_REJECTION,
  async (stand) => {
    for (const scenario of Object.values({ ...ENDED, ...GIVEN_UP })) {
      const used = stand();
      const trial = await scenario(used);
      trial.end(FAILED);
      await used.clock.pass(() => false);
    }
  },
];

/** For every layer. */
export const MANNERS: readonly LayerLaw[] = [
  passesCall,
  passesOperation,
  stops,
  leavesNoTimer,
  leavesNoRejection,
];

/**
 * The part of an `AsyncLocalStorage` of `node:async_hooks` that the suite uses.
 *
 * @example layerContract((clock) => hedge(50, clock), { storage: new AsyncLocalStorage() });
 */
export interface AsyncStorage {
  /** Calls the function; in it, and in what follows from it, `getStore` gives `store`. */
  run<Result>(store: unknown, callback: () => Result): Result;
  /** What `run` was given, in the context of the caller. */
  getStore(): unknown;
}

/** For every layer, if there is something to see it with. */
export const keepsContext = (storage: AsyncStorage): LayerLaw => [
  'runs each operation in the async context of its own run',
  async (stand, demand) => {
    const used = stand();
    const trials: Trial[] = [];
    let strangers = 0;
    for (let n = 0; n < CROWD; n++) {
      const operation = (work: Promise<unknown>): unknown => {
        if (storage.getStore() !== n) strangers++;
        return work;
      };
      trials.push(await storage.run(n, () => used.start({ operation })));
    }
    for (const [n, trial] of trials.entries()) await used.finish(trial, n % 2 === 0 ? ANSWERED : FAILED);
    demand(strangers === 0, `${strangers} operations ran in the context of another run, or of none`, 'none');
  },
];
