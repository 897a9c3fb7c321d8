/** 100,000 random calls on random pipelines: what a scrape says agrees with a count that the library has no hand in. */
import fc from 'fast-check';
import { instrument } from 'holdfast/prometheus';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS, type Instrument } from '../../../src/observe/instruments.ts';
import { type Traffic, trafficOf, World } from '../../observe/traffic.ts';

const CALLS = 100;
const cases = Number(process.env.HOLDFAST_CASES ?? 1_000);
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 2 ** 31));

type Numbers = Map<string, number>;

/** What a scrape says: by name and values of labels. Of histograms there are the lines of sum and count. */
async function scrape(registry: Registry): Promise<Numbers> {
  const numbers: Numbers = new Map();
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const { labels, value, metricName = name } of values as Line[]) {
      if (labels.le !== undefined) continue;
      expect({ [name]: strangeIn(name, labels) }).toEqual({ [name]: [] });
      numbers.set([metricName, ...Object.values(labels)].join('|'), value);
    }
  }
  return numbers;
}

const byName = new Map<string, Instrument>(Object.values(INSTRUMENTS).map((each) => [nameOf(each), each]));

/** Labels that the table does not have, or with values that it does not have. */
function strangeIn(name: string, labels: Line['labels']): string[] {
  const { labels: fixed, perPolicy } = byName.get(name) as Instrument;
  const known: Record<string, RegExp | readonly string[]> = {
    pipeline: /^(pipeline \d|keyed|shared)$/,
    twice: ['yes'],
    ...(perPolicy && { policy: /^(p\d|deadline)$/ }),
    ...fixed,
  };
  return Object.entries(labels)
    .filter(([label, value]) => {
      const allowed = known[label] ?? [];
      return allowed instanceof RegExp ? !allowed.test(value) : !allowed.includes(value);
    })
    .map(([label, value]) => `${label}=${value}`);
}

interface Line {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly metricName?: string;
}

/** The lines of an instrument that are not 0, summed over the labels behind the first so many. */
function of(numbers: Numbers, name: string, labels = 9): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [line, value] of numbers) {
    const [metric, ...values] = line.split('|');
    if (metric !== name || value === 0) continue;
    const key = values.slice(0, labels).join('|');
    found[key] = (found[key] ?? 0) + value;
  }
  return found;
}

const { calls, callDuration, attemptDuration, abandoned, abandonedRunning, rejections, timeouts, retries } =
  INSTRUMENTS;
const {
  retryExhausted,
  circuitStale,
  circuitTransitions,
  circuitState,
  circuitOpen,
  bulkheadInFlight,
  bulkheadQueued,
} = INSTRUMENTS;
const { incidentRecovery, incidentRejections } = INSTRUMENTS;

/** What agrees exactly, line by line. */
const EXACT = [calls, rejections, timeouts, retryExhausted, circuitStale, circuitTransitions];

async function holds(traffic: Traffic, reached: (what: string, times?: number) => void): Promise<void> {
  const registry = new Registry();
  const world = new World(traffic);
  const stops = [
    instrument(world.sources, { registry }),
    instrument(world.sources.slice(0, 1), { registry, labels: { twice: 'yes' } }),
  ];
  let before: Numbers = new Map();
  await world.play(async () => {
    before = await scrape(registry);
  });
  const now = await scrape(registry);
  const gauges = new Set(
    Object.values(INSTRUMENTS).flatMap((each) => (each.kind === 'gauge' ? [nameOf(each)] : [])),
  );
  for (const [line, value] of before)
    if (!gauges.has(line.split('|')[0] as string))
      expect(now.get(line) ?? 0, line).toBeGreaterThanOrEqual(value);

  for (const each of EXACT) {
    const counted = of(world.tally, each.name);
    expect({ [each.name]: of(now, nameOf(each)) }).toEqual({ [each.name]: counted });
    for (const [labels, times] of Object.entries(counted))
      reached(`${each.name} ${labels.split('|').at(-1)}`, times);
  }
  expect(of(now, nameOf(retries), 2)).toEqual(of(world.tally, 'retries'));
  for (const [labels, times] of Object.entries(of(now, nameOf(retries))))
    reached(`retries ${labels.split('|').at(-1)}`, times);
  expect(of(now, `${nameOf(attemptDuration)}_count`, 1)).toEqual(of(world.tally, 'attempt.duration'));
  expect(of(now, `${nameOf(callDuration)}_count`)).toEqual(of(world.tally, 'calls'));
  const sums = of(world.tally, 'call.duration sum');
  for (const [labels, seconds] of Object.entries(of(now, `${nameOf(callDuration)}_sum`)))
    expect(seconds).toBeCloseTo((sums[labels] as number) / 1_000, 6);
  for (const each of [incidentRecovery, incidentRejections])
    expect(of(now, `${nameOf(each)}_count`)).toEqual(of(world.tally, 'incident.recovery'));

  // Nothing runs any more, and what was given up was all counted back.
  expect(world.running).toBe(0);
  for (const each of [abandonedRunning, bulkheadInFlight, bulkheadQueued])
    expect(of(now, nameOf(each))).toEqual({});
  reached('abandoned', Object.keys(of(now, nameOf(abandoned))).length);
  reached('open', Object.keys(of(now, nameOf(circuitOpen))).length);
  reached(
    'shared',
    Object.keys(of(now, nameOf(circuitState))).filter((line) => line.startsWith('shared')).length,
  );
  const total = Object.values(of(now, nameOf(calls))).reduce((sum, each) => sum + each, 0);
  expect(total).toBe(traffic.calls.length);
  for (const stop of stops) stop();
}

const REACHED = [
  ...calls.labels.outcome.map((outcome) => `calls ${outcome}`),
  ...rejections.labels.reason.flatMap((reason) => (reason === 'isolated' ? [] : [`rejections ${reason}`])),
  ...retries.labels.result.map((result) => `retries ${result}`),
  ...['retries', 'budget', 'deadline', 'judge'].map((reason) => `retry.exhausted ${reason}`),
  'timeouts deadline',
  'abandoned',
  'open',
  'shared',
];

// Two retries nested, say: what is random is seldom wise.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

test('nothing is counted double, nothing is lost, and outcomes sum to calls', {
  timeout: 120_000,
}, async () => {
  const reached = new Map<string, number>();
  const reach = (what: string, times = 1) => void reached.set(what, (reached.get(what) ?? 0) + times);
  await fc.assert(
    fc.asyncProperty(trafficOf(CALLS), (traffic) => holds(traffic, reach)),
    { numRuns: cases, seed },
  );
  if (cases < 500) return;
  expect(REACHED.filter((what) => !reached.get(what))).toEqual([]);
});
