/** `instrument`: what it puts into a registry, what it refuses, and what becomes of it when it is stopped. */
import { bulkhead, circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Counter, Registry, register } from 'prom-client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS } from '../../../src/observe/instruments.ts';
import { errorOf } from '../../support/spies.ts';

const names = Object.values(INSTRUMENTS).map(nameOf);

const registered = (registry: Registry): string[] =>
  names.filter((name) => registry.getSingleMetric(name) !== undefined);

let registry: Registry;
beforeEach(() => {
  registry = new Registry();
});

/** The lines of a scrape that begin so. */
async function lines(start: string, from = registry): Promise<string[]> {
  return (await from.metrics()).split('\n').filter((line) => line.startsWith(start));
}

describe('a scrape', () => {
  test('shows each instrument with its help, its type and its series', async () => {
    const subject = pipeline('shop', retry(), circuitBreaker());
    instrument([subject], { registry });
    await subject.run(() => 1);
    const text = await registry.metrics();
    for (const [i, { help, kind }] of Object.values(INSTRUMENTS).entries()) {
      expect(text).toContain(`# HELP ${names[i]} ${help}\n# TYPE ${names[i]} ${kind}\n`);
    }
    expect(text).toContain('\nholdfast_calls_total{pipeline="shop",outcome="success"} 1\n');
    expect(text).toContain('\nholdfast_calls_total{pipeline="shop",outcome="timeout"} 0\n');
    expect(text).toContain(
      '\nholdfast_circuit_state{pipeline="shop",policy="circuit-breaker",state="closed"} 1\n',
    );
    expect(text).toContain('\nholdfast_retry_budget_tokens{pipeline="shop",policy="retry"} 10\n');
  });

  test('shows histograms with the buckets that were asked for, each with all below it', async () => {
    const subject = pipeline('shop');
    instrument([subject], { registry, buckets: [0.5, 100] });
    for (let i = 0; i < 3; i++) await subject.run(() => 1);
    expect(await lines('holdfast_call_duration_seconds_')).toEqual([
      'holdfast_call_duration_seconds_bucket{le="0.5",pipeline="shop",outcome="success"} 3',
      'holdfast_call_duration_seconds_bucket{le="100",pipeline="shop",outcome="success"} 3',
      'holdfast_call_duration_seconds_bucket{le="+Inf",pipeline="shop",outcome="success"} 3',
      expect.stringMatching(
        /^holdfast_call_duration_seconds_sum\{pipeline="shop",outcome="success"\} [\d.e-]+$/,
      ),
      'holdfast_call_duration_seconds_count{pipeline="shop",outcome="success"} 3',
    ]);
  });

  test('escapes what stands in names, and has the labels besides', async () => {
    const subject = pipeline('a "quoted"\nname');
    registry.setDefaultLabels({ host: 'h1' });
    instrument([subject], { registry, labels: { service: 'shop' } });
    await subject.run(() => 1);
    expect((await lines('holdfast_calls_total'))[0]).toBe(
      'holdfast_calls_total{host="h1",pipeline="a \\"quoted\\"\\nname",service="shop",outcome="success"} 1',
    );
  });

  test('speaks OpenMetrics in a registry that does', async () => {
    const open = new Registry();
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const stop = instrument([pipeline('shop')], { registry: open });
    const text = await open.metrics();
    expect(text).toContain('# TYPE holdfast_calls counter\n');
    expect(text).toContain('\nholdfast_calls_total{pipeline="shop",outcome="success"} 0\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
    instrument([pipeline('other')], { registry: open })();
    stop();
    expect(await open.metrics()).not.toContain('holdfast');
  });

  test('gives the same as objects, with how a cluster is to sum them up', async () => {
    const subject = pipeline('shop', circuitBreaker());
    instrument([subject], { registry, buckets: [1] });
    await subject.run(() => 1);
    const all = await registry.getMetricsAsJSON();
    const [calls] = all.filter(({ name }) => name === 'holdfast_calls_total');
    expect(calls).toMatchObject({ type: 'counter', aggregator: 'sum' });
    expect(calls?.values[0]).toEqual({ labels: { pipeline: 'shop', outcome: 'success' }, value: 1 });
    const [seconds] = all.filter(({ name }) => name === 'holdfast_call_duration_seconds');
    expect(seconds?.values[0]).toEqual({
      labels: { le: 1, pipeline: 'shop', outcome: 'success' },
      metricName: 'holdfast_call_duration_seconds_bucket',
      value: 1,
    });
    const shares = all
      .filter(({ aggregator }) => (aggregator as string) === 'average')
      .map(({ name }) => name);
    expect(shares).toEqual(['holdfast_circuit_failure_ratio', 'holdfast_circuit_slow_ratio']);
  });

  test('goes on from where it was when the registry resets its metrics: counters of a process do not go back', async () => {
    const subject = pipeline('shop');
    instrument([subject], { registry });
    await subject.run(() => 1);
    registry.resetMetrics();
    expect((await lines('holdfast_calls_total'))[0]).toMatch(/ 1$/);
  });
});

describe('one registry', () => {
  test('has what several calls of instrument watch, and each pipeline once', async () => {
    const [a, b] = [pipeline('a'), pipeline('b')];
    const stops = [instrument([a], { registry }), instrument([a, b], { registry })];
    await a.run(() => 1);
    await b.run(() => 1);
    const successes = async () =>
      (await lines('holdfast_calls_total')).filter((line) => line.includes('success'));
    expect(await successes()).toEqual([
      'holdfast_calls_total{pipeline="a",outcome="success"} 1',
      'holdfast_calls_total{pipeline="b",outcome="success"} 1',
    ]);
    stops[1]!();
    await a.run(() => 1);
    await b.run(() => 1);
    expect(await successes()).toEqual([
      'holdfast_calls_total{pipeline="a",outcome="success"} 2',
      'holdfast_calls_total{pipeline="b",outcome="success"} 1',
    ]);
  });

  test('counts for itself: another one has its own numbers', async () => {
    const subject = pipeline('a');
    const other = new Registry();
    instrument([subject], { registry });
    await subject.run(() => 1);
    instrument([subject], { registry: other });
    await subject.run(() => 1);
    expect((await lines('holdfast_calls_total'))[0]).toMatch(/ 2$/);
    expect((await lines('holdfast_calls_total', other))[0]).toMatch(/ 1$/);
  });

  test('is left as it was by the last who stops, and may be used again', async () => {
    const own = new Counter({ name: 'own_total', help: 'mine', registers: [registry] });
    const before = await registry.metrics();
    const subject = pipeline('a');
    const stops = [instrument([subject], { registry }), instrument([subject], { registry })];
    await subject.run(() => 1);
    stops[0]!();
    stops[0]!();
    expect(registered(registry)).toEqual(names);
    stops[1]!();
    expect([await registry.metrics(), registry.getSingleMetric('own_total')]).toEqual([before, own]);
    instrument([subject], { registry });
    expect((await lines('holdfast_calls_total'))[0]).toMatch(/ 0$/);
  });

  test('that was cleared gets what is missing with the next call', async () => {
    const subject = pipeline('a');
    instrument([subject], { registry });
    registry.clear();
    instrument([subject], { registry });
    await subject.run(() => 1);
    expect(registered(registry)).toEqual(names);
    expect((await lines('holdfast_calls_total'))[0]).toMatch(/ 1$/);
  });

  test('may be the global one of prom-client', async () => {
    const stop = instrument([pipeline('a')], { registry: register });
    expect(registered(register)).toEqual(names);
    stop();
    expect(registered(register)).toEqual([]);
  });
});

describe('refuses', () => {
  const subject = pipeline('a');
  const bad =
    (options: object, pipelines: unknown = [subject]) =>
    () =>
      instrument(pipelines as never, { registry, ...options } as never);

  test.each([
    [
      'no registry',
      { registry: undefined },
      'instrument: registry must be a Registry of prom-client, got undefined',
    ],
    [
      'what is no registry',
      { registry: {} },
      'instrument: registry must be a Registry of prom-client, got {}',
    ],
    ['buckets that do not ascend', { buckets: [1, 1] }, 'instrument: buckets must be an array of ascending'],
    ['buckets from 0', { buckets: [0, 1] }, 'ascending finite numbers > 0, got [0,1]'],
    ['no bucket', { buckets: [] }, 'instrument: buckets must be'],
    ['an infinite bucket', { buckets: [1, Infinity] }, 'instrument: buckets must be'],
    ['a bucket that is no array', { buckets: 1 }, 'instrument: buckets must be'],
    [
      'labels that are none',
      { labels: 'service' },
      'instrument: labels must be an object of strings, got "service"',
    ],
    ['a label that is no string', { labels: { zone: 1 } }, 'instrument: labels.zone must be a string, got 1'],
    ['a name that Prometheus does not allow', { labels: { 'a-b': 'x' } }, 'instrument: labels must be named'],
    ['a name that is taken', { labels: { outcome: 'x' } }, 'got outcome'],
    ['keys below 0', { keys: -1 }, 'instrument: keys must be an integer >= 0, got -1'],
    ['an unknown option', { prefix: 'x' }, 'instrument: unknown option "prefix"'],
  ])('%s', (_, options, message) => {
    expect(bad(options)).toThrow(message);
    expect(registered(registry)).toEqual([]);
  });

  test.each([
    [
      'a pipeline that stands in no list',
      subject,
      'instrument: pipelines must be an array, or another iterable',
    ],
    ['nothing', undefined, 'instrument: pipelines must be an array'],
    [
      'a policy',
      [subject, retry()],
      'instrument: pipelines: number 2 must be a pipeline, or what keyed() returned',
    ],
    ['a text', 'ab', 'instrument: pipelines: number 1 must be a pipeline'],
  ])('%s', (_, pipelines, message) => {
    expect(() => instrument(pipelines as never, { registry })).toThrow(message);
    expect(registered(registry)).toEqual([]);
  });

  test('a registry that has one of the names from elsewhere, and leaves it as it is', () => {
    const theirs = new Counter({ name: 'holdfast_retries_total', help: 'theirs', registers: [registry] });
    expect(bad({})).toThrow('instrument: the registry has a metric holdfast_retries_total already');
    expect(registered(registry)).toEqual(['holdfast_retries_total']);
    expect(registry.getSingleMetric('holdfast_retries_total')).toBe(theirs);
  });

  test('other buckets than those of the registry’s metrics', () => {
    const stop = instrument([subject], { registry, buckets: [1, 2] });
    instrument([subject], { registry })();
    instrument([subject], { registry, buckets: [1, 2] })();
    expect(bad({ buckets: [1, 3] })).toThrow(
      "buckets must be those of this registry's metrics: 1,2, got [1,3]",
    );
    stop();
    bad({ buckets: [1, 3] })();
  });
});

describe('a registry that throws', () => {
  test('has that said by instrument, and touches no call', async () => {
    const subject = pipeline('a', retry());
    const broken = Object.assign(new Registry(), {
      registerMetric: () => {
        throw new Error('full');
      },
    });
    expect(() => instrument([subject], { registry: broken })).toThrow('full');
    expect(await subject.run(() => 1)).toBe(1);
    expect(subject.heard('exhausted')).toBe(false);
  });

  test('in the middle gets back what it took', () => {
    const place = registry.registerMetric.bind(registry);
    let left = 3;
    registry.registerMetric = (metric) => {
      if (left-- === 0) throw new Error('full');
      place(metric);
    };
    expect(() => instrument([pipeline('a')], { registry })).toThrow('full');
    expect(registered(registry)).toEqual([]);
  });

  test('at a scrape fails that scrape, and touches no call', async () => {
    const subject = pipeline('a');
    instrument([subject], { registry });
    vi.spyOn(
      registry as never as { getMetricsAsString(): Promise<string> },
      'getMetricsAsString',
    ).mockRejectedValue(new Error('no'));
    expect(await errorOf(registry.metrics())).toMatchObject({ message: 'no' });
    expect(await subject.run(() => 1)).toBe(1);
  });
});

test('1,000 pipelines answer a scrape within 500 ms', async () => {
  const all = Array.from({ length: 1_000 }, (_, i) =>
    pipeline(`pipeline-${i}`, retry(), circuitBreaker(), timeout({ ms: 800 }), bulkhead()),
  );
  instrument(all, { registry });
  for (const each of all) await each.run(() => 1);
  /** Milliseconds of this process, whatever else the machine is doing. */
  const scrape = async (): Promise<number> => {
    const before = process.cpuUsage();
    expect((await registry.metrics()).split('\n').length).toBeGreaterThan(70_000);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const first = await scrape();
  const later = Math.min(await scrape(), await scrape(), await scrape());
  expect(Math.max(first, later), `${first} ms, then ${later} ms`).toBeLessThan(500);
});
