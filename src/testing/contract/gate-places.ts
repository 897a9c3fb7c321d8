/** The laws of a gate about what its calls hold: nothing is lost, nothing is given twice, and nobody waits in vain. */
import { failure, success } from '../../core/outcome.ts';
import type { Demand, Law } from './contract.ts';
import {
  ANSWERED,
  ANSWERING,
  COURSES,
  type Course,
  CROWD,
  courseOf,
  type GateStand,
  receptionOf,
} from './gate-stand.ts';
import type { Trial } from './trial.ts';

/** Calls in a row: enough to use up what a gate has, if each of them costs it something for good. */
const ROW = 100;
/** Calls that a gate is first given after it has refused. */
const TRIES = 5;
/** Steps of a random walk, and how many of them make up a flood, or an ebb. */
const WALK = 300;
const TIDE = 30;
/** Times between one call and the next, and how many of these there are. */
const PAUSES_MS = [3, 30, 300];
const FEW = 20;
/** Within so many microtasks the place of a call that ends has come to whoever waits for it. */
const HANDOVER = 16;

type NewStand = () => GateStand;
type GateLaw = Law<GateStand>;

/** How a gate receives a crowd that has nothing behind it but time. */
export async function pictureOfNew(stand: NewStand): Promise<string> {
  const fresh = stand();
  await fresh.clock.pass(() => false);
  return fresh.picture();
}

/** Holds a gate with a past, after time in which it may recover, against one that has none. */
export async function asNew(expected: string, demand: Demand, used: GateStand, past: string): Promise<void> {
  await used.recover();
  const seen = await used.picture();
  demand(seen === expected, `after ${past} it received a crowd like this: ${seen}`, expected);
}

/** Outcomes that are taken for none where somebody looks at the value or the error in place of `ok`. */
const OF_NOTHING: Readonly<Record<string, Course>> = {
  'that succeeded with undefined': { outcome: success(undefined) },
  'that failed with undefined': { outcome: failure(undefined) },
};

const asBefore = ([which, course]: [which: string, course: Course]): GateLaw => [
  `becomes as new again after a call ${which}`,
  async (stand, demand) => {
    const expected = await pictureOfNew(stand);
    const used = stand();
    for (let n = 0; n < ROW; n++) await used.call(course);
    await asNew(expected, demand, used, `${ROW} of these`);

    // The first calls after a bad time may be all that is let in, until they have ended well.
    const wary = stand();
    if (!(await wary.failUntilRefused())) return;
    let tried = 0;
    await wary.clock.pass(async () => {
      if ((await wary.call(course)) === 'let in') tried++;
      return tried === TRIES;
    });
    await asNew(expected, demand, wary, `failures until it refused, and ${TRIES} of these as time passed,`);
  },
];

const asBeforeCrowd: GateLaw = [
  'becomes as new again after a crowd, in whatever order its calls end',
  async (stand, demand) => {
    for (const order of ['first in, first out', 'last in, first out']) {
      const used = stand();
      const crowd = [...(await used.crowd(courseOf)).entries()];
      if (order.startsWith('last')) crowd.reverse();
      for (const [n, trial] of crowd) await used.finish(trial, courseOf(n));
      await asNew(await pictureOfNew(stand), demand, used, `a crowd that went ${order},`);
    }
  },
];

const holdsOn: GateLaw = [
  'that limits the calls at work counts one that was given up until its work has ended',
  async (stand, demand) => {
    const limit = await stand().limit();
    if (limit === undefined) return;
    for (const [which, { giveUp, ...options }] of Object.entries(COURSES)) {
      if (giveUp === undefined || options.unused) continue;
      const full = stand();
      for (let n = 0; n < limit; n++) full.start(options);
      await full.clock.flush();
      for (const trial of full.trials) await giveUp(trial, full.clock);
      await full.crowd();
      const seen = `${full.inside} were at work at once, counting those ${which}`;
      demand(full.inside <= limit, seen, `at most ${limit}, as at first`);
    }
  },
];

/** Calls come, end and go away at random, more now and fewer then; never are more at work than the limit. */
export async function wander(stand: GateStand, limit: number, demand: Demand): Promise<void> {
  const { clock, trials } = stand;
  const anyOf = (some: readonly Trial[]) => some[Math.floor(clock.random() * some.length)];
  for (let step = 0; step < WALK; step++) {
    const isFlood = Math.floor(step / TIDE) % 2 === 0;
    const atWork = anyOf(trials.filter((trial) => trial.inside));
    if (clock.random() < (isFlood ? 0.7 : 0.2)) stand.start(courseOf(step));
    else if (clock.random() < 0.1) anyOf(stand.waiting)?.goAway();
    else if (atWork !== undefined) await stand.finish(atWork, courseOf(trials.indexOf(atWork)));
    await clock.flush();
    demand(stand.inside <= limit, `${stand.inside} were at work at once`, `at most ${limit}, as at first`);
  }
}

const neverMore: GateLaw = [
  'that limits the calls at work never lets in more than at first',
  async (stand, demand) => {
    const limit = await stand().limit();
    if (limit === undefined) return;
    await wander(stand(), limit, demand);
  },
];

/** A crowd, of which one call after another ends and is followed by a new one. What has waited may leave something. */
async function rush(stand: GateStand, pauseMs: number, look: (stand: GateStand) => void): Promise<void> {
  await stand.crowd();
  for (let n = 0; n < FEW; n++) {
    await stand.clock.advance(pauseMs);
    const trial = stand.trials.find(({ inside }) => inside);
    if (trial !== undefined) await stand.finish(trial, ANSWERING);
    look(stand);
    stand.start();
  }
}

const handsOn: GateLaw = [
  'that limits the calls at work lets in one that waits as soon as another has ended',
  async (stand, demand) => {
    const limit = await stand().limit();
    if (limit === undefined) return;
    const look = ({ inside, waiting }: GateStand) =>
      demand(
        inside >= limit || waiting.length === 0,
        `${waiting.length} calls waited while ${inside} were at work`,
        `${limit} at work, as long as any waits`,
      );
    const full = stand();
    await full.crowd(courseOf);
    for (const [n, trial] of full.trials.entries()) {
      if (!trial.inside) continue;
      await full.finish(trial, courseOf(n));
      look(full);
    }
    for (const pauseMs of PAUSES_MS) await rush(stand(), pauseMs, look);
  },
];

const answersWaiters: GateLaw = [
  'lets in or refuses, in the end, every call that waits',
  async (stand, demand) => {
    const full = stand();
    await full.crowd();
    await full.empty();
    await full.clock.pass(() => full.waiting.length === 0);
    const seen = (stand: GateStand) =>
      `${stand.waiting.length} calls still waited, long after all others had ended`;
    demand(full.waiting.length === 0, seen(full), 'none');

    for (const pauseMs of PAUSES_MS) {
      const busy = stand();
      await rush(busy, pauseMs, () => {});
      await busy.empty();
      await busy.clock.pass(() => busy.waiting.length === 0);
      demand(busy.waiting.length === 0, seen(busy), 'none');
    }
  },
];

const losesNoWaiter: GateLaw = [
  'loses nothing with a caller that goes away while it waits',
  async (stand, demand) => {
    const expected = await pictureOfNew(stand);
    for (let microtasks = 0; microtasks < HANDOVER; microtasks++) {
      const used = stand();
      await used.crowd();
      if (used.waiting.length === 0) return;
      const [before, after] = used.waiting;
      before?.goAway();
      used.trials.find((trial) => trial.inside)?.end(ANSWERED);
      for (let n = 0; n < microtasks; n++) await undefined;
      after?.goAway();
      await asNew(expected, demand, used, 'callers had gone away while they waited');
    }
  },
];

const refusesForFree: GateLaw = [
  'takes nothing from those that it refuses',
  async (stand, demand) => {
    const compare = async (few: GateStand, many: GateStand, what: string): Promise<void> => {
      await many.crowd();
      const [expected, seen] = [await few.recover(), await many.recover()];
      const past = `after it had refused ${CROWD} calls more, ${what}`;
      demand(seen === expected, `${past}, later calls fared like this: ${seen}`, expected);
    };
    const [few, many] = [stand(), stand()];
    const crowd = await many.crowd();
    for (const trial of crowd) if (receptionOf(trial) !== 'refused') few.start();
    await few.clock.flush();
    await compare(few, many, 'being full');

    const [brief, long] = [stand(), stand()];
    if ((await brief.failUntilRefused()) && (await long.failUntilRefused()))
      await compare(brief, long, 'after failures');
  },
];

export const PLACES: readonly GateLaw[] = [
  ...Object.entries({ ...COURSES, ...OF_NOTHING }).map(asBefore),
  asBeforeCrowd,
  holdsOn,
  neverMore,
  handsOn,
  answersWaiters,
  losesNoWaiter,
  refusesForFree,
];
