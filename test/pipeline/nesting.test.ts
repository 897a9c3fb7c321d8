import {
  type BreakerStateEvent,
  bulkhead,
  type CallReport,
  type CircuitBreaker,
  CircuitOpenError,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  pipeline,
  retry,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { isGate } from '../../src/core/policy.ts';
import { errorOf, spyGate, watch, work } from '../support/spies.ts';

const boom = new Error('boom');
const failing = () => Promise.reject(boom);

describe('a pipeline within another', () => {
  test('does what its policies would do in its place', async () => {
    const log: string[] = [];
    const gate = (name: string) => spyGate({ name, log });
    const inner = pipeline('inner', gate('b'), pipeline('innermost', gate('c')));
    await pipeline('outer', gate('a'), inner, gate('d')).run(() => void log.push('operation'));
    expect(log.filter((line) => !line.endsWith('release'))).toEqual([
      'a enter',
      'b enter',
      'c enter',
      'd enter',
      'operation',
      'd leave',
      'c leave',
      'b leave',
      'a leave',
    ]);
  });

  test('is left alone by it: policies, name and run are its own', async () => {
    const places = bulkhead();
    const inner = pipeline('inner', places);
    const outer = pipeline('outer', inner);
    expect([inner.policies, outer.policies]).toEqual([[places], [inner]]);
    await expect(inner.run(({ pipeline: name }) => name)).resolves.toBe('inner');
    await expect(outer.run(({ pipeline: name }) => name)).resolves.toBe('outer');
  });

  test('emits no call of its own, and hears nothing of runs that are not its own', async () => {
    const inner = pipeline('inner', bulkhead({ concurrency: 0 }));
    const outer = pipeline('outer', inner);
    const heard: string[] = [];
    inner.on('call', () => heard.push('inner call')).on('reject', () => heard.push('inner reject'));
    outer.on('call', () => heard.push('outer call')).on('reject', () => heard.push('outer reject'));
    await errorOf(outer.run(() => 1));
    expect(heard).toEqual(['outer reject', 'outer call']);
    await errorOf(inner.run(() => 1));
    expect(heard.slice(2)).toEqual(['inner reject', 'inner call']);
  });

  test('run inside the operation of another is a run of its own', async () => {
    const inner = pipeline('inner', bulkhead({ concurrency: 0 }));
    const reports: CallReport[] = [];
    const outer = pipeline('outer', retry({ retries: 1, backoff: constant(0) }));
    outer.on('call', (report) => reports.push(report));
    inner.on('call', (report) => reports.push(report));
    expect(await errorOf(outer.run(() => inner.run(() => 1)))).toMatchObject({ pipeline: 'inner' });
    expect(reports.map(({ pipeline: name }) => name)).toEqual(['inner', 'inner', 'outer']);
  });
});

describe('one policy in several pipelines', () => {
  test('shares its state: what trips in one is open in the other', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const [first, second] = [pipeline('first', breaker), pipeline('second', retry(), breaker)];
    await errorOf(first.run(failing));
    expect(await errorOf(second.run(() => 1))).toBeInstanceOf(CircuitOpenError);
    expect(await errorOf(breaker.run(() => 1))).toBeInstanceOf(CircuitOpenError);
  });

  test('shares its places', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 1, queue: 1, clock });
    const [first, second] = [pipeline('first', places), pipeline('second', places)];
    const job = work();
    const [a, b] = [watch(first.run(job.operation)), watch(second.run(() => 'b'))];
    await clock.advance(0);
    expect([a.state, b.state, places.queued]).toEqual(['pending', 'pending', 1]);
    job.resolve('a');
    await clock.advance(0);
    expect([a.value, b.value]).toEqual(['a', 'b']);
  });

  test('relays each change of state once to each pipeline that listens, and to its own listeners once', async () => {
    const breaker = circuitBreaker({ name: 'db', consecutiveFailures: 1 });
    const first = pipeline('first', breaker);
    const second = pipeline('second', pipeline('nested', breaker), retry());
    const heard: [string, BreakerStateEvent][] = [];
    breaker.on('state', (event) => heard.push(['breaker', event]));
    first.on('state', (event) => heard.push(['first', event]));
    second.on('state', (event) => heard.push(['second', event]));
    second.on('state', (event) => heard.push(['second again', event]));
    await errorOf(first.run(failing));
    expect(heard.map(([who]) => who).sort()).toEqual(['breaker', 'first', 'second', 'second again']);
    for (const [, event] of heard) {
      expect(event).toMatchObject({
        policy: 'db',
        pipeline: 'first',
        from: 'closed',
        to: 'open',
        cause: boom,
      });
    }
    breaker.close();
    expect(heard.length).toBe(8);
    expect(heard[7]?.[1]).toMatchObject({ to: 'closed', pipeline: undefined });
  });

  test('relays a state under the label that it has in each', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const subject = pipeline('p', circuitBreaker(), breaker);
    const labels: string[] = [];
    subject.on('state', ({ policy }) => labels.push(policy));
    breaker.open();
    expect(labels).toEqual(['circuit-breaker-2']);
  });

  test('relays nothing any more once nobody listens, and again when somebody does', () => {
    const breaker = circuitBreaker();
    const subject = pipeline('p', breaker);
    const heard: string[] = [];
    const listener = ({ to }: BreakerStateEvent) => heard.push(to);
    subject.on('state', listener);
    breaker.open();
    subject.off('state', listener);
    breaker.close();
    subject.once('state', listener);
    breaker.open();
    breaker.close();
    subject.on('state', listener);
    breaker.open();
    subject.off('state');
    breaker.close();
    expect(heard).toEqual(['open', 'open', 'open']);
  });

  test('stands twice in one pipeline, and is entered twice', async () => {
    const gate = spyGate();
    await pipeline('p', gate, fallback(1), gate).run(() => 1);
    expect(gate.log).toEqual(['enter', 'enter', 'leave', 'release', 'leave', 'release']);
  });
});

test('a pipeline is a layer, also for a layer that holds it by hand', async () => {
  const [inside, further] = [spyGate(), spyGate()];
  const inner = pipeline('inner', inside);
  const byHand: Layer = { around: (next) => inner.around(next) };
  await expect(pipeline('outer', byHand, further).run(() => 'v')).resolves.toBe('v');
  expect([inside.log, further.log]).toEqual([
    ['enter', 'leave', 'release'],
    ['enter', 'leave', 'release'],
  ]);
});

test('what a pipeline with a judge is made of does the same in the hands of others', async () => {
  const { parts } = pipeline(
    { name: 'inner', judge: () => 'success' },
    circuitBreaker({ consecutiveFailures: 1 }),
  );
  const breaker = circuitBreaker({ consecutiveFailures: 1 });
  const byHand = parts.map((part) => (isGate(part) ? part : { around: part.around.bind(part) }));
  await errorOf(pipeline('outer', ...byHand, breaker).run(failing));
  expect(parts.filter(isGate).map((gate) => (gate as CircuitBreaker).state)).toEqual(['closed']);
  expect(breaker.state).toBe('open');
});

test('the judge of a nested pipeline is not asked further in, where the default then holds', async () => {
  const breaker = circuitBreaker();
  const inner = pipeline({ name: 'inner', judge: () => 'ignore' }, bulkhead());
  const faults: unknown[] = [];
  const outer = pipeline('outer', inner, breaker).on('listener-error', ({ error }) => faults.push(error));
  await errorOf(outer.run(failing));
  await outer.run(() => 1);
  expect(breaker.stats).toMatchObject({ calls: 2, failures: 1 });
  expect(faults).toEqual([]);
});
