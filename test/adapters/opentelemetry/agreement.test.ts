/** After the same random calls the instruments say what a scrape of Prometheus says, and the spans what both say. */
import { readFileSync } from 'node:fs';
import { type DataPoint, DataPointType, type Histogram } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { instrument } from 'holdfast/opentelemetry';
import { instrument as countWith } from 'holdfast/prometheus';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS, type Instrument } from '../../../src/observe/instruments.ts';
import { type Traffic, trafficOf, World } from '../../observe/traffic.ts';
import { type Exported, meters } from './metrics.ts';
import { sdk, type Told, treeOf } from './spans.ts';

const CALLS = 100;
const cases = Number(process.env.HOLDFAST_CASES ?? 60);
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** By what it is of, and the values of the labels. */
type Numbers = Record<string, number>;

interface Line {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly metricName?: string;
}

// The SDK sums what came between two collections, and then the sums.
const rounded = (value: number): number => Number(value.toFixed(9));

/** The lines of a metric, by what they are of a histogram and by the values of labels. */
async function scraped(registry: Registry, row: Instrument): Promise<Numbers> {
  const name = nameOf(row);
  const { values } = await registry.getSingleMetric(name)!.get();
  const lines = (values as Line[]).map(({ labels: { le, ...labels }, value, metricName = name }) => {
    const of = Object.values(labels).join('|');
    const part = `${metricName.replace(name, '')}|${le === undefined ? '' : `${le}|`}`;
    return { of, key: `${part}${of}`, value };
  });
  // A histogram of OpenTelemetry cannot be shown before it was told a value.
  const untold = lines.filter(({ of, key, value }) => key === `_count|${of}` && value === 0);
  const told = lines.filter(({ of }) => !untold.some((each) => each.of === of));
  return Object.fromEntries(told.map(({ key, value }) => [key, rounded(value)]));
}

/** The same lines of what the SDK of OpenTelemetry exported. */
function exported({ type, points }: Exported): Numbers {
  const numbers: Numbers = {};
  for (const [labels, { value }] of points as Map<string, DataPoint<number | Histogram>>) {
    if (type !== DataPointType.HISTOGRAM) {
      numbers[`|${labels}`] = rounded(value as number);
      continue;
    }
    const { sum = Number.NaN, count, buckets } = value as Histogram;
    let below = 0;
    for (const [i, inBucket] of buckets.counts.entries()) {
      below += inBucket;
      numbers[`_bucket|${buckets.boundaries[i] ?? '+Inf'}|${labels}`] = below;
    }
    numbers[`_sum|${labels}`] = rounded(sum);
    numbers[`_count|${labels}`] = count;
  }
  return numbers;
}

/** How often there is each, by whatever `key` gives; what has none is left out. */
function tally<T>(all: readonly T[], key: (each: T) => readonly unknown[] | undefined): Numbers {
  const numbers: Numbers = {};
  for (const each of all) {
    const at = key(each);
    if (at !== undefined) numbers[`|${at.join('|')}`] = (numbers[`|${at.join('|')}`] ?? 0) + 1;
  }
  return numbers;
}

const counted = (numbers: Numbers, of = ''): Numbers =>
  Object.fromEntries(
    Object.entries(numbers).flatMap(([key, value]) =>
      value !== 0 && key.startsWith(`${of}|`) ? [[key.slice(of.length), value]] : [],
    ),
  );

const sumOf = (numbers: Numbers): number => Object.values(numbers).reduce((sum, each) => sum + each, 0);

interface Event {
  readonly of: string;
  readonly name: string;
  readonly about: Record<string, unknown>;
}

/** The spans of a run, as what they would have been counted as. */
function compare(runs: readonly Told[], metrics: ReadonlyMap<Instrument, Numbers>): void {
  const subjectOf = ({ name }: Told): string => name.replace(/^(run|attempt) /, '');
  const outcome = ({ attributes }: Told) => attributes['holdfast.outcome'];
  const of = (row: Instrument, part?: string): Numbers => counted(metrics.get(row)!, part);
  expect(tally(runs, (run) => [subjectOf(run), outcome(run)])).toEqual(of(INSTRUMENTS.calls));
  const attempts = runs.flatMap(({ below }) => below);
  const ended = tally(attempts, (attempt) => [subjectOf(attempt), outcome(attempt)]);
  expect(ended).toEqual(of(INSTRUMENTS.attemptDuration, '_count'));
  for (const run of runs) expect(run.attributes['holdfast.attempts']).toBe(run.below.length);
  const events = runs.flatMap((run) =>
    run.events.map(([name, about]): Event => ({ of: subjectOf(run), name, about: about as never })),
  );
  const eventsOf = (name: string, ...attributes: string[]): Numbers =>
    tally(events, (event) => {
      if (event.name !== `holdfast.${name}` || event.about['holdfast.observed'] === true) return undefined;
      return [
        event.of,
        ...['policy', ...attributes].map((each) => event.about[`holdfast.${each}`] ?? 'other'),
      ];
    });
  expect(eventsOf('rejection', 'reason')).toEqual(of(INSTRUMENTS.rejections));
  expect(eventsOf('timeout')).toEqual(of(INSTRUMENTS.timeouts));
  expect(eventsOf('exhausted', 'reason')).toEqual(of(INSTRUMENTS.retryExhausted));
  expect(eventsOf('stale')).toEqual(of(INSTRUMENTS.circuitStale));
  const changes = events.filter(({ name }) => name === 'holdfast.state_change');
  expect(changes.length).toBe(sumOf(of(INSTRUMENTS.circuitTransitions)));
}

/** What the page says that spans say. */
const [, section = ''] = readFileSync('docs/opentelemetry.md', 'utf8').split('\n## What spans say\n');
const names = section.split('\n## ')[0]!.matchAll(/`(holdfast\.[a-z_.]+|error\.type)`/g);
const documented = new Set([...names].map(([, name]) => name!));

async function holds(traffic: Traffic, met: (name: string) => void): Promise<void> {
  const world = new World(traffic);
  const registry = new Registry();
  const { provider: meterProvider, read } = meters();
  const { provider: tracerProvider, spans } = sdk();
  const stops = [
    countWith(world.sources, { registry }),
    instrument(world.sources, { meterProvider, tracerProvider }),
    instrument(world.sources.slice(0, 1), { meterProvider, tracerProvider }),
  ];
  await world.play(async () => void (await read()));
  const found = await read();
  const metrics = new Map<Instrument, Numbers>();
  for (const row of Object.values(INSTRUMENTS)) {
    const metric = found.get(`holdfast.${row.name}`);
    const numbers = metric === undefined ? {} : exported(metric);
    expect({ [row.name]: numbers }).toEqual({ [row.name]: await scraped(registry, row) });
    metrics.set(row, numbers);
  }
  const runs = treeOf(spans());
  expect(runs).toHaveLength(CALLS);
  compare(runs, metrics);
  for (const { attributes, events } of runs.flatMap((run) => [run, ...run.below]))
    for (const [name, about] of [['', attributes], ...events] as const) {
      if (name !== '') met(name);
      for (const each of Object.keys(about)) met(each);
    }
  for (const stop of stops) stop();
}

// Two retries nested, say: what is random is seldom wise.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

/** Plays so many worlds, and tells which names spans had. */
async function play(parameters: fc.Parameters<[Traffic]>): Promise<Set<string>> {
  const met = new Set<string>();
  const property = fc.asyncProperty(trafficOf(CALLS), (traffic) => holds(traffic, (name) => met.add(name)));
  await fc.assert(property, parameters);
  return met;
}

test('metrics, scrapes and spans agree, and spans say nothing that is not documented', {
  timeout: 60_000,
}, async () => {
  const met = await play({ numRuns: cases, seed });
  expect([...met].filter((name) => !documented.has(name))).toEqual([]);
});

test('spans say all that is documented', { timeout: 60_000 }, async () => {
  const met = await play({ numRuns: 30, seed: 1 });
  expect([...documented].filter((name) => !met.has(name))).toEqual([]);
});
