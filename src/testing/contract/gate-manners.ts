/** The laws of a gate about how it refuses and what it counts, and that it leaves nothing lying about. */
import { isRejection } from '../../core/errors.ts';
import { failure, type Outcome } from '../../core/outcome.ts';
import type { Gate, Layer } from '../../core/policy.ts';
import { inWords, type Law, NO_REJECTION } from './contract.ts';
import { ANSWERING, COURSES, type Course, courseOf, FAILING, type GateStand } from './gate-stand.ts';
import { type Trial, tally } from './trial.ts';

type GateLaw = Law<GateStand>;

const letsIn: GateLaw = [
  'lets in the first call',
  async (stand, demand) => {
    const reception = await stand().call();
    demand(
      reception === 'let in',
      `it was ${reception}`,
      'to see it let in; without that the other laws say little',
    );
    // Of gates that share what they have the other laws would compare two that are worn alike.
    const full = stand();
    await full.crowd();
    const another = await stand().call();
    demand(
      another === 'let in',
      `with one gate full, the first call of another was ${another}`,
      'a new gate',
    );
  },
];

/** All that may bring the gate to refuse: a crowd, failures, and what its maker said. */
async function provoke(stand: GateStand): Promise<readonly Trial[]> {
  await stand.crowd();
  await stand.empty();
  await stand.failUntilRefused();
  await stand.crowd();
  await stand.empty();
  stand.hands.refuse?.();
  await stand.crowd();
  return stand.trials;
}

const returnsRefusals: GateLaw = [
  'refuses by returning a Rejection, and throws nothing from enter',
  async (stand, demand) => {
    const used = stand();
    const trials = await provoke(used);
    for (const { entered, refused, outcome } of trials) {
      const error = outcome?.error;
      const expected = isRejection(error) ? 'that it is returned' : 'a ticket, or a Rejection';
      demand(entered || refused || outcome === undefined, `enter threw ${inWords(error)}`, expected);
    }
    const obeyed = used.hands.refuse === undefined || trials.some((trial) => !trial.entered);
    demand(obeyed, 'it let everybody in, also after what `refuse` had done', 'to see it refuse');
  },
];

const refusesAnew: GateLaw = [
  'makes a new Rejection for each refusal',
  async (stand, demand) => {
    const refusals = (await provoke(stand())).filter(({ refused }) => refused);
    const distinct = new Set(refusals.map(({ outcome }) => outcome?.error)).size;
    const seen = `${refusals.length} refusals, and ${distinct} Rejections for them`;
    demand(distinct === refusals.length, seen, 'one for each, since it says whose run it ended');
  },
];

const saysWhen: GateLaw = [
  'says in a Rejection when to try again in milliseconds from now, or not at all',
  async (stand, demand) => {
    for (const { outcome } of await provoke(stand())) {
      if (!isRejection(outcome?.error)) continue;
      const { retryAfterMs } = outcome.error;
      const possible = retryAfterMs === undefined || (retryAfterMs >= 0 && retryAfterMs < Infinity);
      demand(
        possible,
        `retryAfterMs was ${retryAfterMs}`,
        'a finite number that is at least 0, or undefined',
      );
    }
  },
];

/** As many of a crowd as have to end one by one, for a gate of a sensible size to show what it does then. */
const FEW = 8;

/** Values that are thrown too, and one that cannot be written to. */
const ODD_ERRORS = [undefined, null, 'a string', Object.freeze(new Error('frozen'))];

const throwsNothing: GateLaw = [
  'throws nothing from leave and release, however a call ends',
  async (stand, demand) => {
    const odd = ODD_ERRORS.map((error): [string, Course] => [
      `that threw ${inWords(error)}`,
      { outcome: failure(error) },
    ]);
    for (const [which, course] of [...Object.entries(COURSES), ...odd]) {
      const used = stand();
      const crowd = await used.crowd(() => course);
      for (const trial of crowd.slice(0, FEW)) await used.finish(trial, course);
      await used.empty();
      const { thrown } = used;
      demand(
        thrown.length === 0,
        `after a call ${which} it threw ${inWords(thrown[0])}`,
        'that it throws nothing',
      );
    }
  },
];

/** A life with ups and downs: calls, and the time between them. */
function* career(): Generator<[course: Course, pauseMs: number]> {
  for (let n = 0; n < 40; n++) yield [n % 2 === 0 ? ANSWERING : FAILING, 10];
  for (let n = 0; n < 8; n++) yield [ANSWERING, 10_000];
  for (let n = 0; n < 40; n++) yield [FAILING, 10];
  for (let n = 0; n < 8; n++) yield [ANSWERING, 10_000];
}

/** How a gate receives the calls of a career; others, which are not counted, may come in between. */
export async function pursue(stand: GateStand, beside: readonly Course[] = []): Promise<string> {
  const receptions: string[] = [];
  for (const [course, pauseMs] of career()) {
    // Now none, now several, so that what a gate makes of them cannot cancel out.
    for (const other of beside.slice(0, receptions.length % (beside.length + 1))) await stand.call(other);
    receptions.push(await stand.call(course));
    await stand.clock.advance(pauseMs);
  }
  return `${tally(receptions)}; ${await stand.recover()}`;
}

const countsWork: GateLaw = [
  'counts nothing for a call that was never invoked',
  async (stand, demand) => {
    const unused = Object.values(COURSES).filter(({ unused }) => unused);
    const [expected, seen] = [await pursue(stand()), await pursue(stand(), unused)];
    demand(seen === expected, `with such calls in between, the others fared like this: ${seen}`, expected);
  },
];

const leavesOutcomes: GateLaw = [
  'leaves the outcome of a call as it is',
  async (stand, demand) => {
    for (const course of [ANSWERING, FAILING]) {
      const used = stand();
      const told: (Outcome | 'unused')[] = [];
      const watch = (): Gate => ({ enter: () => undefined, leave: (_, outcome) => void told.push(outcome) });
      const trial = used.start({}, used.place(watch(), used.gate, watch()));
      await used.clock.flush();
      await used.finish(trial, course);
      for (const outcome of told) {
        if (outcome === 'unused') continue;
        const { ok, value, error } = course.outcome;
        const same = outcome.ok === ok && outcome.value === value && outcome.error === error;
        demand(same, 'another gate was told something else', 'that each is told what the operation gave');
      }
    }
  },
];

const open: Gate = { enter: () => undefined, leave: () => {} };
const clear: Layer = { around: (next) => (operation, call) => next(operation, call) };

const sameEverywhere: GateLaw = [
  'is the same gate wherever it stands, and in several pipelines at once',
  async (stand, demand) => {
    const expected = await stand().picture();
    const places: Record<string, (used: GateStand) => Promise<string>> = {
      'between two other gates': (used) => used.picture(used.place(open, used.gate, { ...open })),
      'between two layers': (used) => used.picture(used.place(clear, used.gate, { ...clear })),
      'in two pipelines': (used) => used.picture(used.line, used.place(used.gate)),
    };
    for (const [where, look] of Object.entries(places)) {
      const seen = await look(stand());
      demand(seen === expected, `${where} it received a crowd like this: ${seen}`, expected);
    }
  },
];

/** A crowd comes and goes in every way, and whoever still waits then goes away too. */
async function comeAndGo(stand: GateStand): Promise<void> {
  const crowd = await stand.crowd(courseOf);
  for (const [n, trial] of crowd.entries()) if (trial.entered) await stand.finish(trial, courseOf(n));
  for (const trial of crowd) trial.goAway();
  await stand.empty();
}

const leavesNoTimer: GateLaw = [
  'leaves no timer behind when its calls are over',
  async (stand, demand) => {
    const used = stand();
    await comeAndGo(used);
    const { pendingTimers } = used.clock;
    demand(pendingTimers === 0, `${pendingTimers} timers would keep the process alive`, 'none');
  },
];

const leavesNoRejection: GateLaw = [
  NO_REJECTION,
  async (stand) => {
    await comeAndGo(stand());
    const used = stand();
    await provoke(used);
    await used.recover();
  },
];

export const MANNERS: readonly GateLaw[] = [
  letsIn,
  returnsRefusals,
  refusesAnew,
  saysWhen,
  throwsNothing,
  countsWork,
  leavesOutcomes,
  sameEverywhere,
  leavesNoTimer,
  leavesNoRejection,
];
