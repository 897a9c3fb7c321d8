import { describe, expect, test } from 'vitest';
import { execute } from '../runtimes/execute.ts';
import { slopeOf } from './heap.ts';
import { countListeners } from './listeners.ts';
import { LiveClock } from './live-clock.ts';
import type { Parked } from './parked.ts';
import { type Bar, barsOfQueue, barsOfTraffic } from './report.ts';
import { COUNTS_EACH } from './steps.ts';
import type { Soaked } from './traffic.ts';

const CALLS = 10_000_000;

/** Ten samples on a straight line, which lie above and below it in turn. */
const growing = (bytesPerCall: number) =>
  Array.from({ length: 10 }, (_, i) => {
    const calls = ((i + 1) * CALLS) / 10;
    return { calls, bytes: 5e6 + bytesPerCall * calls };
  });

const traffic: Soaked = {
  calls: CALLS,
  samples: growing(0.01),
  endings: {
    value: 9,
    failure: 1,
    timeout: 1,
    deadline: 1,
    abort: 1,
    'circuit open': 1,
    'queue full': 1,
    'queue timeout': 1,
    'anything else': 0,
  },
  left: {
    'calls that never settled': 0,
    'timers alive': 0,
    'listeners alive': 0,
    'places held or waited for': 0,
  },
};

const queue = (parts: Partial<Parked> = {}): Parked[] =>
  [10, 1_000].map((calls) => ({
    way: 'aborted',
    calls,
    queued: calls,
    right: calls,
    invoked: 0,
    steps: 500,
    timerOperations: 0.1,
    left: 0,
    ...(calls === 1_000 && parts),
  }));

const missed = (bars: readonly Bar[]): string[] => bars.filter(({ holds }) => !holds).map(({ what }) => what);

describe('the bars', () => {
  test('hold where nothing stays, and all calls cost the same', () => {
    expect([...missed(barsOfTraffic(traffic)), ...missed(barsOfQueue(queue()))]).toEqual([]);
  });

  test.each<[string, Partial<Soaked>]>([
    ['bytes by which the heap grows a call', { samples: growing(0.051) }],
    ['calls that never settled', { left: { ...traffic.left, 'calls that never settled': 1 } }],
    ['timers alive', { left: { ...traffic.left, 'timers alive': 1 } }],
    ['listeners alive', { left: { ...traffic.left, 'listeners alive': 1 } }],
    ['places held or waited for', { left: { ...traffic.left, 'places held or waited for': 1 } }],
    ['calls that ended as no call should', { endings: { ...traffic.endings, 'anything else': 1 } }],
    ['ways to end that did not occur', { endings: { ...traffic.endings, timeout: 0 } }],
  ])('of traffic: %s', (what, parts) => {
    expect(missed(barsOfTraffic({ ...traffic, ...parts }))).toEqual([what]);
  });

  test.each<[string, Partial<Parked>]>([
    ['calls that waited, all at once', { queued: 999 }],
    ['calls that ended as they should', { right: 999 }],
    ['operations invoked', { invoked: 1 }],
    ['timers, listeners and places left', { left: 1 }],
    ['steps a call, most against fewest calls', { steps: 530 }],
    ['timer operations a call, likewise', { timerOperations: 0.2 }],
  ])('of a queue: %s', (what, parts) => {
    expect(missed(barsOfQueue(queue(parts)))).toEqual([`aborted: ${what}`]);
  });
});

test('the slope is that of the line which lies between the samples', () => {
  expect(slopeOf(growing(0.25))).toBeCloseTo(0.25, 9);
  const [low, high] = [100, 300];
  const samples = [low, high, low, high].map((bytes, i) => ({ calls: i, bytes }));
  expect(slopeOf(samples)).toBe(40);
});

test('the clock knows which timers are alive', async () => {
  const clock = new LiveClock();
  const fired: number[] = [];
  const [first, second] = [10, 20, 30].map((ms) => clock.setTimer(ms, () => fired.push(ms)));
  second?.unref();
  expect([clock.live, clock.operations]).toEqual([3, 4]);
  await clock.advance(10);
  first?.cancel();
  second?.cancel();
  second?.cancel();
  expect([clock.live, fired]).toEqual([1, [10]]);
  await clock.advance(20);
  expect([clock.live, clock.pendingTimers, fired]).toEqual([0, 0, [10, 30]]);
});

test('listeners are counted on every signal, each once', () => {
  const listeners = countListeners();
  const [mine, yours] = [new AbortController(), new AbortController()];
  const listen = (): void => {};
  mine.signal.addEventListener('abort', listen);
  mine.signal.addEventListener('abort', listen);
  yours.signal.addEventListener('abort', listen);
  expect(listeners.live).toBe(2);
  mine.signal.removeEventListener('abort', listen);
  mine.signal.removeEventListener('abort', listen);
  expect(listeners.live).toBe(1);
});

test('steps are counted to the last round of a loop, however often it is executed', async () => {
  const script = `
    import { countSteps } from './test/soak/steps.ts';
    const stepsTaken = await countSteps(/eval/);
    const steps = [];
    for (const look of [(list) => list[0], (list) => { for (const each of list) if (each > 1) return each; }])
      for (const length of [10, 1_000]) {
        const list = Array.from({ length }).fill(1);
        await stepsTaken();
        for (let i = 0; i < 10_000; i++) look(list);
        steps.push(await stepsTaken());
      }
    console.log(JSON.stringify(steps));`;
  const flags = [...COUNTS_EACH, '--disable-warning=ExperimentalWarning', '--input-type=module'];
  const { stdout, stderr } = await execute(process.execPath, [...flags, '--eval', script], {
    cwd: '.',
    limitMs: 60_000,
  });
  expect(stderr).toBe('');
  const [few, many, fewScanned, manyScanned] = JSON.parse(stdout) as [number, number, number, number];
  expect(many / few).toBeLessThan(1.01);
  expect(manyScanned / fewScanned).toBeGreaterThan(50);
}, 60_000);

test.each([
  ['--cals=5', /^Unknown option '--cals'; allowed are --calls, --parked, --json, --help$/],
  [
    '--json=nowhere/figures.json',
    /^--json must be a file in a folder that exists, got nowhere\/figures\.json$/,
  ],
  ['--calls=5', /^--calls must be a whole number of at least 50000, got 5$/],
])(
  'the command answers %s with one line',
  async (option, line) => {
    const { code, stdout, stderr } = await execute(process.execPath, ['test/soak/run.ts', option], {
      cwd: '.',
      limitMs: 30_000,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd()).toMatch(line);
  },
  60_000,
);
