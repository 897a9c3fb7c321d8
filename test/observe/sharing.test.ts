/** What is shared, watched twice, or watched no more: nothing is counted twice, and nothing is listened to for longer. */
import {
  bulkhead,
  type CircuitBreaker,
  circuitBreaker,
  keyed,
  type Pipeline,
  pipeline,
  retry,
  retryBudget,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../../src/observe/instruments.ts';
import { watch, work } from '../support/spies.ts';
import { collecting } from './support.ts';

const {
  calls,
  rejections,
  circuitTransitions,
  circuitState,
  bulkheadInFlight,
  retryBudgetTokens,
  circuitOpen,
} = INSTRUMENTS;

const EVENTS = [
  'call',
  'state',
  'reject',
  'stale',
  'retry',
  'exhausted',
  'queue',
  'abandon',
  'timeout',
  'fallback',
];
const heardOn = (...all: { heard(type: string): boolean }[]): string[] =>
  all.flatMap((each) => EVENTS.filter((type) => each.heard(type)));

describe('a policy that three pipelines share', () => {
  const setUp = () => {
    const shared = [
      circuitBreaker({ name: 'db', consecutiveFailures: 1 }),
      bulkhead({ name: 'pool', concurrency: 9 }),
    ] as const;
    const pipelines = ['a', 'b', 'c'].map((name) => pipeline(name, ...shared));
    return { breaker: shared[0], pipelines, ...collecting() };
  };

  test('has gauges, changes and incidents once, of the pipeline `shared`', async () => {
    const { pipelines, counted, watch: count, values } = setUp();
    count(pipelines);
    for (const each of pipelines) watch(each.run(work().operation));
    expect(counted(bulkheadInFlight)).toEqual({ 'bulkhead.in_flight pipeline=shared policy=pool': 3 });
    await pipelines[0]!.run(() => Promise.reject(new Error('boom'))).catch(() => {});
    for (const each of pipelines) await each.run(() => 1).catch(() => {});
    expect(counted(circuitTransitions, circuitState)).toEqual({
      'circuit.transitions pipeline=shared policy=db from=closed to=open': 1,
      'circuit.state pipeline=shared policy=db state=open': 1,
    });
    expect(Object.keys(values(INSTRUMENTS.incidentDetection))).toEqual([
      'incident.detection pipeline=shared policy=db',
    ]);
  });

  test('has what runs did under the pipeline whose runs they were', async () => {
    const { breaker, pipelines, counted, watch: count } = setUp();
    count(pipelines);
    breaker.open();
    for (const each of pipelines.slice(1)) await each.run(() => 1).catch(() => {});
    expect(counted(rejections)).toEqual({
      'rejections pipeline=b policy=db reason=open': 1,
      'rejections pipeline=c policy=db reason=open': 1,
    });
  });

  test('counts on where it was until it is seen in a second pipeline, and no number goes back', async () => {
    const { breaker, pipelines, counted, watch: count } = setUp();
    count(pipelines.slice(0, 1));
    breaker.open();
    count(pipelines.slice(1));
    breaker.close();
    expect(counted(circuitTransitions, circuitState)).toEqual({
      'circuit.transitions pipeline=a policy=db from=closed to=open': 1,
      'circuit.transitions pipeline=shared policy=db from=open to=closed': 1,
      'circuit.state pipeline=shared policy=db state=closed': 1,
    });
  });

  test('is of their name where pipelines have the same', () => {
    const breaker = circuitBreaker();
    const { watch: count, counted } = collecting();
    count([pipeline('a', breaker), pipeline('a', breaker), pipeline('a', circuitBreaker())]);
    expect(counted(circuitState)).toEqual({
      'circuit.state pipeline=a policy=circuit-breaker state=closed': 2,
    });
  });
});

test('a budget that retries share has its tokens once', () => {
  const budget = retryBudget({ burst: 7 });
  const { watch: count, counted } = collecting();
  count([
    pipeline('a', retry({ budget })),
    pipeline('b', retry({ budget })),
    pipeline('c', retry({ budget: false })),
  ]);
  expect(counted(retryBudgetTokens)).toEqual({ 'retry.budget_tokens pipeline=shared policy=retry': 7 });
});

describe('what is watched twice', () => {
  const setUp = () => {
    const breaker = circuitBreaker();
    const subject = pipeline('p', breaker);
    return { breaker, subject, ...collecting() };
  };
  const once = {
    'calls pipeline=p outcome=success': 1,
    'circuit.transitions pipeline=p policy=circuit-breaker from=closed to=open': 1,
    'circuit.state pipeline=p policy=circuit-breaker state=open': 1,
  };

  test('is counted once, also within one list', async () => {
    const { subject, breaker, watch: count, counted } = setUp();
    count([subject, subject]);
    count([subject]);
    await subject.run(() => 1);
    breaker.open();
    expect(counted(calls, circuitTransitions, circuitState)).toEqual(once);
  });

  test('is counted until the last has stopped', async () => {
    const { subject, breaker, watch: count, counted } = setUp();
    const [first, second] = [count([subject]), count([subject])];
    first();
    first();
    await subject.run(() => 1);
    breaker.open();
    expect(counted(calls, circuitTransitions, circuitState)).toEqual(once);
    second();
    await subject.run(() => 1).catch(() => {});
    expect(counted(calls, rejections)).toEqual({ 'calls pipeline=p outcome=success': 1 });
  });

  test('goes on from where it was when it is watched again', async () => {
    const { subject, watch: count, counted } = setUp();
    count([subject])();
    const stop = count([subject]);
    await subject.run(() => 1);
    stop();
    await subject.run(() => 1);
    count([subject]);
    await subject.run(() => 1);
    expect(counted(calls)).toEqual({ 'calls pipeline=p outcome=success': 2 });
  });
});

describe('who has stopped', () => {
  test('listens to nothing any more, on pipelines and on their policies', () => {
    const breaker = circuitBreaker();
    const policies = [retry(), breaker, bulkhead()];
    const subject = pipeline('p', ...policies);
    const hosts = keyed((key) => pipeline(key, breaker, circuitBreaker({ name: 'own' })), { max: 1 });
    const evicted = hosts.get('evicted');
    const kept = hosts.get('kept');
    const all = [
      subject,
      ...policies,
      evicted,
      kept,
      evicted.policies[1] as CircuitBreaker,
      hosts,
    ] as never[];
    const { watch: count } = collecting();
    const stop = count([subject, hosts]);
    const later = hosts.get('later');
    expect(heardOn(...all)).not.toEqual([]);
    stop();
    expect(heardOn(...all, later as never, later.policies[1] as never)).toEqual([]);
    expect(heardOn(hosts.get('last') as never)).toEqual([]);
  });

  test('sees no gauges any more, while counters keep what they were', async () => {
    const breaker = circuitBreaker();
    const subject = pipeline('p', breaker);
    const { watch: count, numbers, counted } = collecting();
    const stop = count([subject]);
    await subject.run(() => 1);
    stop();
    expect(numbers(circuitState)).toEqual({});
    expect(counted(calls)).toEqual({ 'calls pipeline=p outcome=success': 1 });
  });
});

test('whoever is not watched has no recorder, no listener, and reads no clock for it', async () => {
  let readings = 0;
  const virtual = new VirtualClock();
  const clock = {
    now: () => {
      readings++;
      return virtual.now();
    },
    setTimer: virtual.setTimer.bind(virtual),
  };
  const subject: Pipeline = pipeline({ name: 'p', clock });
  collecting().watch([subject])();
  await subject.run(() => 1);
  expect(readings).toBe(0);
});

test('a clock or budget of the user’s that throws costs its own series, and nothing else', async () => {
  const budget = {
    deposit() {},
    take: () => true,
    tokens: () => {
      throw new Error('no');
    },
  };
  const { watch: count, numbers, counted } = collecting();
  const subject = pipeline('p', retry({ budget }), bulkhead());
  count([subject]);
  watch(subject.run(work().operation));
  expect(numbers(retryBudgetTokens, circuitOpen)).toEqual({});
  expect(counted(bulkheadInFlight)).toEqual({ 'bulkhead.in_flight pipeline=p policy=bulkhead': 1 });
});

test('labels besides stand on every series', async () => {
  const { watch: count, numbers } = collecting();
  const breaker = circuitBreaker();
  count([pipeline('a', breaker), pipeline('b', breaker)], { labels: { service: 'shop' } });
  const without = Object.keys(numbers()).filter((text) => !text.includes(' service=shop'));
  expect(without).toEqual([]);
  expect(Object.keys(numbers(circuitOpen))).toEqual([
    'circuit.open pipeline=shared service=shop policy=circuit-breaker',
  ]);
});
