/** However long a retry goes on and whatever chance says, a delay is one that its formula allows. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Backoff, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { property, type Reached } from './property.ts';
import {
  backoffOf,
  capOf,
  ceilingOf,
  type History,
  type Interval,
  intervalOf,
  jitterOf,
  type Plan,
} from './support/delays.ts';

const LONGEST = 2 ** 31 - 1;

/** As many small numbers as large ones. */
const logUniform = (least: number, most: number): fc.Arbitrary<number> =>
  fc
    .double({ min: Math.log2(least), max: Math.log2(most), noNaN: true })
    .map((power) => Math.min(most, Math.max(least, 2 ** power)));

const ms = fc.oneof(
  { weight: 8, arbitrary: logUniform(1e-3, LONGEST) },
  { weight: 2, arbitrary: fc.constantFrom(100, LONGEST, 1, Number.MIN_VALUE, 1e-300) },
);
const firstAndMost = fc.tuple(ms, ms).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const factor = fc.oneof(fc.constantFrom(2, 1, 1 + Number.EPSILON, 10, Number.MAX_VALUE), logUniform(1, 100));
const jitter = fc.constantFrom('none', 'full', 'equal');

const plan: fc.Arbitrary<Plan> = fc.oneof(
  fc.tuple(firstAndMost, factor, jitter).map(([[baseMs, maxMs], growth, how]) => ({
    exponential: { baseMs, maxMs, factor: growth, jitter: how },
  })),
  fc
    .tuple(firstAndMost, fc.constantFrom('decorrelated', 'smooth'))
    .map(([[baseMs, maxMs], how]) => ({ exponential: { baseMs, maxMs, jitter: how } })),
  fc
    .tuple(firstAndMost, jitter)
    .map(([[stepMs, maxMs], how]) => ({ linear: { stepMs, maxMs, jitter: how } })),
  fc
    .tuple(fc.oneof(ms, fc.constant(0)), jitter)
    .map(([each, how]) => ({ constant: { ms: each, jitter: how } })),
);

const ALMOST_ONE = 1 - Number.EPSILON / 2;

interface Script {
  readonly plan: Plan;
  /** Number of a retry far along. */
  readonly retry: number;
  /** How long the delays before it were, as a share of the longest there may be. */
  readonly before: number;
  /** Draws of chance, over and over. */
  readonly chances: readonly number[];
  /** What a server says after each attempt. */
  readonly hintMs: number | undefined;
  /** Of the chance of many clients. */
  readonly seed: number;
}

const script: fc.Arbitrary<Script> = fc.record(
  {
    plan,
    retry: fc.oneof(
      logUniform(1, 1e6).map(Math.floor),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(1e6, 1_075, 1e9),
    ),
    before: fc.double({ min: 0, max: 1, noNaN: true }),
    chances: fc.array(
      fc.oneof(fc.constantFrom(0, 0.5, ALMOST_ONE), fc.double({ min: 0, max: ALMOST_ONE, noNaN: true })),
      { minLength: 1, maxLength: 5 },
    ),
    hintMs: fc.option(logUniform(1, 1e5), { nil: undefined }),
    seed: fc.nat(),
  },
  { noNullPrototype: true },
);

function assertWithin(delay: number, [low, high]: Interval, cap = LONGEST): void {
  assert(Number.isFinite(delay) && delay >= 0 && delay <= cap, `${delay} is no delay up to ${cap}`);
  // What is rounded on the way to a number may lie beside it by a few parts in 10^16, or by the smallest number.
  const slack = high * 1e-12 + Number.MIN_VALUE;
  assert(delay >= low - slack && delay <= high + slack, `${delay} lies not within ${low} and ${high}`);
}

/** Chance that says the same over and over. */
const drawing = (chances: readonly number[]): (() => number) => {
  let drawn = 0;
  return () => chances[drawn++ % chances.length] as number;
};

/** Any retry, however far along. */
function checkFarAlong(backoff: Backoff, { plan: given, retry: n, before, chances }: Script): void {
  const cap = capOf(given);
  const totalMs = Math.min(cap * (n - 1), Number.MAX_VALUE) * before;
  const history: History = { previousMs: cap * before, totalMs };
  const interval = intervalOf(given, n, history);
  const delayFor = (chance: number): number => backoff(n, { ...history, random: () => chance });
  for (const chance of chances) assertWithin(delayFor(chance), interval, cap);
  if (jitterOf(given) === 'smooth') return;
  // The ends of the interval are reached, and in between chance decides evenly.
  assertWithin(delayFor(0), [interval[0], interval[0]]);
  assertWithin(delayFor(ALMOST_ONE), [interval[1], interval[1]]);
  const [low, high] = intervalBeforeCap(given, n, history);
  const half = Math.min(cap, (low + high) / 2);
  assertWithin(delayFor(0.5), [half, half]);
}

/** `decorrelated` is capped last, as its formula says. */
function intervalBeforeCap(given: Plan, n: number, history: History): Interval {
  const uncapped =
    'exponential' in given && given.exponential.jitter === 'decorrelated'
      ? { exponential: { ...given.exponential, maxMs: Infinity } }
      : given;
  return intervalOf(uncapped, n, history);
}

/** A real retry that goes on for a while. */
async function checkRetry({ plan: given, chances, hintMs }: Script, reached: Reached): Promise<void> {
  const clock = new VirtualClock();
  const policy = retry({
    retries: 8,
    backoff: backoffOf(given),
    budget: false,
    maxRetryAfterMs: Infinity,
    clock,
    random: drawing(chances),
    judge: ({ ok }) => (ok ? 'success' : { verdict: 'failure', retryAfterMs: hintMs }),
  });
  const delays: number[] = [];
  policy.on('retry', ({ delayMs }) => delays.push(delayMs));
  const run = policy.run(() => Promise.reject(new Error('boom'))).catch(() => {});
  await clock.runAll();
  await run;
  assert.equal(delays.length, 8);
  let history: History = { previousMs: 0, totalMs: 0 };
  const isFixed = !['decorrelated', 'smooth'].includes(jitterOf(given));
  for (const [i, delayMs] of delays.entries()) {
    const own =
      isFixed || hintMs === undefined ? intervalOf(given, i + 1, history) : ([0, capOf(given)] as const);
    assertWithin(delayMs, hintMs === undefined ? own : afterHint(own, hintMs));
    if (hintMs !== undefined && hintMs > own[1]) reached('a hint longer than the backoff');
    history = { previousMs: delayMs, totalMs: history.totalMs + delayMs };
  }
}

/** Never earlier than the hint, and spread beyond it by up to a tenth. */
const afterHint = ([low, high]: Interval, hintMs: number): Interval => [
  Math.max(low, hintMs),
  Math.max(high, hintMs + Math.min(high, hintMs / 10)),
];

const CLIENTS = 200;

/** Many clients that have come as far: some in each quarter of the interval, where by chance none would be once in 10^24. */
function checkSpread(backoff: Backoff, { plan: given, retry: n, seed }: Script, reached: Reached): void {
  const how = jitterOf(given);
  const cap = capOf(given);
  if ((how !== 'full' && how !== 'equal') || ceilingOf(given, n) < cap || cap < 1e-3) return;
  reached(`clients at the cap, with ${how} jitter`);
  const { random } = new VirtualClock({ seed });
  const [low, high] = intervalOf(given, n, { previousMs: 0, totalMs: 0 });
  const quarters = new Set<number>();
  for (let i = 0; i < CLIENTS; i++)
    quarters.add(Math.floor((4 * (backoff(n, { previousMs: 0, totalMs: 0, random }) - low)) / (high - low)));
  for (const quarter of [0, 1, 2, 3]) assert(quarters.has(quarter), `nobody in quarter ${quarter}`);
}

export default property<Script>({
  number: 11,
  name: "Every delay lies in its formula's interval, at most the cap, finite and >= 0, for attempts up to 10^6; with full and equal jitter, clients at the cap stay spread",
  file: 'delays',
  script,
  reaches: [
    ...['none', 'full', 'equal', 'decorrelated', 'smooth'].map((how) => `exponential ${how}`),
    ...['none', 'full', 'equal'].flatMap((how) => [`linear ${how}`, `constant ${how}`]),
    'a retry beyond the thousandth',
    'a hint longer than the backoff',
    'clients at the cap, with full jitter',
    'clients at the cap, with equal jitter',
  ],
  async holds(given, reached) {
    reached(`${Object.keys(given.plan)} ${jitterOf(given.plan)}`);
    if (given.retry > 1_000) reached('a retry beyond the thousandth');
    const backoff = backoffOf(given.plan);
    checkFarAlong(backoff, given);
    checkSpread(backoff, given, reached);
    await checkRetry(given, reached);
  },
});
