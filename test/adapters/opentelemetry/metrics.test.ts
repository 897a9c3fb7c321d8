/** The instruments: which there are, from when to when they count, and what they count as. */
import { type Histogram as HistogramApi, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';
import { DataPointType, type Histogram } from '@opentelemetry/sdk-metrics';
import { bulkhead, circuitBreaker, constant, keyed, pipeline, retry, timeout } from 'holdfast';
import * as opentelemetry from 'holdfast/opentelemetry';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { boundsOf } from '../../../src/observe/bounds.ts';
import { INSTRUMENTS } from '../../../src/observe/instruments.ts';
import { errorOf, watch, work } from '../../support/spies.ts';
import { meters } from './metrics.ts';
import { registered, unregister } from './spans.ts';

const boom = new Error('boom');

const stops: (() => void)[] = [];

/** What is instrumented with the global provider is so until it is stopped. */
function instrument(...args: Parameters<typeof opentelemetry.instrument>): () => void {
  const stop = opentelemetry.instrument(...args);
  stops.push(stop);
  return stop;
}

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  unregister();
});

/** A pipeline of which everything has happened that is measured. */
async function eventful(clock: VirtualClock) {
  const breaker = circuitBreaker({ consecutiveFailures: 3, openMs: 50 });
  const places = bulkhead({ concurrency: 1, queue: 1 });
  const policies = [retry({ backoff: constant(5) }), breaker, timeout({ ms: 100 }), places] as const;
  const subject = pipeline({ name: 'p', clock }, ...policies);
  const play = async (): Promise<void> => {
    const permit = places.tryAcquire();
    watch(subject.run(() => 'v'));
    watch(subject.run(() => 'v'));
    await clock.advance(10);
    permit?.release();
    watch(subject.run(() => Promise.reject(boom)));
    await clock.advance(60);
    watch(subject.run(() => 'v'));
    watch(subject.run(() => new Promise(() => {})));
    await clock.advance(110);
  };
  return { subject, play };
}

describe('each instrument of the table', () => {
  test('is there, under its name, with unit, kind and what it measures', async () => {
    const { provider, read } = meters();
    const { subject, play } = await eventful(new VirtualClock());
    instrument([subject], { meterProvider: provider });
    await play();
    const exported = await read();
    const names = Object.values(INSTRUMENTS).map(({ name }) => `holdfast.${name}`);
    expect([...exported.keys()].sort()).toEqual(names.sort());
    for (const row of Object.values(INSTRUMENTS)) {
      const { description, unit, type, monotonic, points, scope } = exported.get(`holdfast.${row.name}`)!;
      expect({ description, unit, scope }).toEqual({
        description: row.help,
        unit: row.unit,
        scope: 'holdfast',
      });
      expect(points.size).toBeGreaterThan(0);
      if (row.kind === 'histogram') {
        expect(type).toBe(DataPointType.HISTOGRAM);
        for (const { value } of points.values())
          expect((value as Histogram).buckets.boundaries).toEqual(boundsOf(row));
      } else {
        expect(type).toBe(row.unit === '1' ? DataPointType.GAUGE : DataPointType.SUM);
        if (row.unit !== '1') expect(monotonic).toBe(row.kind === 'counter');
      }
      const own = Object.keys(row.labels).map((label) => `holdfast.${label}`);
      const expected = ['holdfast.pipeline', ...(row.perPolicy ? ['holdfast.policy'] : []), ...own];
      for (const { attributes } of points.values()) expect(Object.keys(attributes)).toEqual(expected);
    }
  });

  test('is called in Prometheus what an exporter of OpenTelemetry makes of its name', () => {
    // As its specification says: dots are replaced, the unit is appended, and `_total` to what only grows.
    const translated = ({ name, unit, kind }: (typeof INSTRUMENTS)[keyof typeof INSTRUMENTS]): string =>
      `holdfast.${name}`.replaceAll('.', '_') +
      (unit === 's' ? '_seconds' : '') +
      (kind === 'counter' ? '_total' : '');
    for (const row of Object.values(INSTRUMENTS)) expect(nameOf(row)).toBe(translated(row));
  });
});

describe('a provider of meters', () => {
  test('that is registered after instrument was called counts from the next run on', async () => {
    const subject = pipeline('p');
    instrument([subject]);
    await subject.run(() => 'before');
    const { provider, numbers } = meters();
    metrics.setGlobalMeterProvider(provider);
    expect(await numbers('holdfast.calls')).toEqual({});
    await subject.run(() => 'after');
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 1 });
    await errorOf(subject.run(() => Promise.reject(boom)));
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 1, 'p|failure': 1 });
    expect(await numbers('holdfast.call.duration')).toMatchObject({ 'p|success': { count: 1 } });
  });

  test('that takes the place of another gets the calls from then on', async () => {
    const subject = pipeline('p');
    const [first, second] = [meters(), meters()];
    metrics.setGlobalMeterProvider(first.provider);
    const stop = instrument([subject]);
    await subject.run(() => 'v');
    metrics.disable();
    await subject.run(() => 'v');
    metrics.setGlobalMeterProvider(second.provider);
    await subject.run(() => 'v');
    stop();
    await subject.run(() => 'v');
    expect((await first.read()).get('holdfast.call.duration')?.points.get('p|success')?.value).toMatchObject({
      count: 1,
    });
    expect((await second.read()).get('holdfast.call.duration')?.points.get('p|success')?.value).toMatchObject(
      {
        count: 1,
      },
    );
    expect(await first.numbers('holdfast.calls')).toEqual({});
  });

  test('shows gauges and zeros before the first run, where it was there before', async () => {
    const { provider, numbers } = meters();
    metrics.setGlobalMeterProvider(provider);
    instrument([pipeline('p', circuitBreaker())]);
    expect(await numbers('holdfast.circuit.state')).toEqual({
      'p|circuit-breaker|closed': 1,
      'p|circuit-breaker|open': 0,
      'p|circuit-breaker|half-open': 0,
      'p|circuit-breaker|isolated': 0,
    });
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 0, 'p|rejected': 0 });
  });
});

describe('what is counted', () => {
  test('is counted once, however often it is instrumented, until all have stopped', async () => {
    const { provider, numbers } = meters();
    metrics.setGlobalMeterProvider(provider);
    const subject = pipeline('p');
    const three = [
      instrument([subject, subject]),
      instrument([subject]),
      instrument([subject], { meterProvider: provider }),
    ];
    await subject.run(() => 'v');
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 1 });
    for (const counted of [2, 3, 3]) {
      const stop = three.shift()!;
      stop();
      stop();
      await subject.run(() => 'v');
      // What it was told last is what the SDK goes on to say.
      expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': counted });
      expect(await numbers('holdfast.call.duration')).toMatchObject({ 'p|success': { count: counted } });
    }
    instrument([subject]);
    await subject.run(() => 'v');
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 4 });
  });

  test('tells the keys of a keyed apart where that is asked for, up to so many', async () => {
    const { provider, numbers } = meters();
    const hosts = keyed((key) => pipeline(key), { name: 'hosts' });
    instrument([hosts], { meterProvider: provider, keys: 1 });
    for (const key of ['a', 'b', 'c']) await hosts.run(key, () => 'v');
    const calls = await numbers('holdfast.calls');
    expect(calls).toMatchObject({ 'hosts|a|success': 1, 'hosts|other|success': 2 });
  });

  test('is the same whether or not runs are traced as well', async () => {
    const { spans } = registered();
    const { provider, numbers } = meters();
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(0) }));
    instrument([subject], { meterProvider: provider });
    const job = work();
    const run = watch(subject.run(job.operation));
    job.reject(boom);
    await new Promise((resolve) => void setImmediate(resolve));
    job.resolve('v');
    await new Promise((resolve) => void setImmediate(resolve));
    expect(run.value).toBe('v');
    expect(spans()).toHaveLength(3);
    expect(await numbers('holdfast.calls')).toMatchObject({ 'p|success': 1 });
    expect(await numbers('holdfast.retries')).toMatchObject({ 'p|retry|success': 1 });
  });

  test('is nothing where only traces are wanted, and nothing is traced where only metrics are', async () => {
    const { spans } = registered();
    const { provider, numbers } = meters();
    metrics.setGlobalMeterProvider(provider);
    const [traced, counted, neither] = [pipeline('traced'), pipeline('counted'), pipeline('neither')];
    instrument([traced], { metrics: false });
    instrument([counted], { traces: false });
    instrument([neither], { traces: false, metrics: false });
    for (const each of [traced, counted, neither]) await each.run(() => 'v');
    expect(spans().map(({ name }) => name)).toEqual(['run traced', 'attempt traced']);
    const pipelines = Object.keys(await numbers('holdfast.calls')).map((key) => key.split('|')[0]);
    expect(new Set(pipelines)).toEqual(new Set(['counted']));
  });
});

describe('a meter that is broken breaks no call', () => {
  const broken = (): never => {
    throw new Error('out of order');
  };
  const real = meters().provider.getMeter('test');
  const withMeter = (changes: Partial<Meter>): MeterProvider => ({
    getMeter: () => Object.assign(Object.create(real) as Meter, changes),
  });

  test.each<[string, MeterProvider]>([
    ['no meter', { getMeter: broken }],
    ['no instruments', withMeter({ createHistogram: broken })],
    ['histograms that throw', withMeter({ createHistogram: () => ({ record: broken }) as HistogramApi })],
    [
      'no callbacks',
      withMeter({ addBatchObservableCallback: broken, removeBatchObservableCallback: broken }),
    ],
  ])('that has %s', async (_, meterProvider) => {
    const subject = pipeline('p', retry({ backoff: constant(0) }));
    const stop = instrument([subject], { meterProvider, traces: false });
    const attempts: number[] = [];
    const run = subject.run(({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw boom;
      return 'v';
    });
    expect(await run).toBe('v');
    expect(attempts).toEqual([1, 2]);
    expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
    stop();
    expect(await subject.run(() => 'v')).toBe('v');
  });
});

test('a provider without a method for meters is refused, and so is a bad number of keys', () => {
  expect(() => instrument([], { meterProvider: {} as MeterProvider })).toThrow(
    'instrument: meterProvider must be a MeterProvider, got {}',
  );
  expect(() => instrument([], { keys: -1 })).toThrow(RangeError);
});
