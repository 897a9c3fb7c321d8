import assert from 'node:assert/strict';
import { type Backoff, constant, exponential, type Jitter, linear } from 'holdfast';
import { about, type Behaviour, table } from './behaviour.ts';

const ALMOST_ONE = 1 - Number.EPSILON / 2;
const history = (value: number, previousMs = 0, totalMs = 0) => ({
  previousMs,
  totalMs,
  random: () => value,
});

/** The kinds of backoff, and the ceiling that each has for a retry. */
const KINDS: readonly (readonly [name: string, make: (jitter: Jitter) => Backoff, [number, number][]])[] = [
  [
    'exponential from 50 to 400',
    (jitter) => exponential({ baseMs: 50, maxMs: 400, jitter }),
    [
      [1, 50],
      [2, 100],
      [3, 200],
      [4, 400],
      [5, 400],
      [1_100, 400],
      [1e6, 400],
    ],
  ],
  [
    'exponential by 3 from 50 to 1000',
    (jitter) => exponential({ baseMs: 50, maxMs: 1_000, factor: 3, jitter }),
    [
      [2, 150],
      [3, 450],
      [4, 1_000],
    ],
  ],
  [
    'linear by 30 to 100',
    (jitter) => linear({ stepMs: 30, maxMs: 100, jitter }),
    [
      [1, 30],
      [2, 60],
      [3, 90],
      [4, 100],
      [1e6, 100],
    ],
  ],
  [
    'constant 70',
    (jitter) => constant(70, { jitter }),
    [
      [1, 70],
      [1e6, 70],
    ],
  ],
];

/** What a jitter makes of a ceiling of 1: with the lowest chance, one in the middle, and the highest. */
const SPREADS: Readonly<Record<Jitter, readonly [low: number, middle: number, high: number]>> = {
  none: [1, 1, 1],
  full: [0, 0.5, ALMOST_ONE],
  equal: [0.5, 0.75, 0.5 + ALMOST_ONE / 2],
};

const rows = KINDS.flatMap(([name, make, ceilings]) =>
  (Object.keys(SPREADS) as Jitter[]).flatMap((jitter) =>
    ceilings.map(([retry, ceilingMs]) => ({ name, make, jitter, retry, ceilingMs })),
  ),
);

const decorrelated = exponential({ baseMs: 50, maxMs: 400, jitter: 'decorrelated' });
const smooth = exponential({ baseMs: 50, maxMs: 10_000, jitter: 'smooth' });
const f = (t: number): number => 2 ** t * Math.tanh(Math.sqrt(4 * t));

const close = (actual: number, expected: number): void =>
  assert(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual} is not ${expected}`);

export const backoff: Behaviour[] = [
  ...table(
    'backoff',
    rows,
    ({ name, jitter, retry }) => `${name}, jitter ${jitter}, before retry ${retry}`,
    ({ make, jitter, retry, ceilingMs }) => {
      const delayMs = make(jitter);
      const given = [0, 0.5, ALMOST_ONE].map((chance) => delayMs(retry, history(chance)));
      given.forEach((ms, i) => {
        close(ms, SPREADS[jitter][i]! * ceilingMs);
        assert(Number.isFinite(ms) && ms >= 0 && ms <= ceilingMs);
      });
    },
  ),
  ...about('backoff', {
    'exponential has full jitter by default': () =>
      assert.equal(exponential({ baseMs: 50, maxMs: 400 })(1, history(0.5)), 25),
    'linear has no jitter by default': () =>
      assert.equal(linear({ stepMs: 30, maxMs: 100 })(1, history(0.5)), 30),
    'constant has no jitter by default': () => assert.equal(constant(70)(1, history(0.5)), 70),
    'a constant 0 is a delay': () => assert.equal(constant(0)(1, history(0.5)), 0),
    'exponential by 1 stays where it begins': () =>
      assert.equal(exponential({ baseMs: 50, maxMs: 400, factor: 1, jitter: 'none' })(9, history(0)), 50),
    'decorrelated begins between the base and three times that': () =>
      assert.deepEqual([decorrelated(1, history(0)), decorrelated(1, history(0.5))], [50, 100]),
    'decorrelated goes on from the delay before': () => {
      assert.equal(decorrelated(2, history(0, 90)), 50);
      assert.equal(decorrelated(2, history(0.5, 90)), 160);
    },
    'decorrelated is capped': () => assert.equal(decorrelated(3, history(0.9, 400)), 400),
    'decorrelated stays in its bounds at retry 1000000': () =>
      assert.equal(decorrelated(1e6, history(ALMOST_ONE, 400, 4e8)), 400),
    'smooth follows its formula': () => close(smooth(1, history(0.5)), (f(0.5) / 1.4) * 50),
    'smooth takes off what came before': () => {
      const first = smooth(1, history(0.5));
      close(smooth(2, history(0.25, first, first)), ((f(1.25) - f(0.5)) / 1.4) * 50);
    },
    'smooth never gives less than nothing': () => assert.equal(smooth(1, history(0, 900, 9e5)), 0),
    'smooth is capped, also where its formula leaves all numbers behind': () => {
      assert.equal(smooth(12, history(0.5)), 10_000);
      assert.equal(smooth(1e6, history(0.5, 10_000, 1e10)), 10_000);
    },
    'clients at the cap stay spread out': () => {
      const delayMs = exponential({ baseMs: 50, maxMs: 400 });
      const spread = [0.1, 0.2, 0.3, 0.4].map((chance) => delayMs(50, history(chance)));
      assert.equal(new Set(spread).size, 4);
    },
  }),
];
