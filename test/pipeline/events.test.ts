import {
  bulkhead,
  type CallReport,
  circuitBreaker,
  constant,
  fallback,
  type ListenerErrorEvent,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorOf, spyGate, watch, work } from '../support/spies.ts';

const boom = new Error('boom');
const bug = new Error('a bug in the listener');

describe('listeners', () => {
  test('on hears each, once the next only, off none any more', async () => {
    const subject = pipeline('p', retry());
    const heard: string[] = [];
    const always = () => heard.push('always');
    subject.on('call', always).once('call', () => heard.push('once'));
    await subject.run(() => 1);
    await subject.run(() => 1);
    subject.off('call', always);
    await subject.run(() => 1);
    expect(heard).toEqual(['always', 'once', 'always']);
  });

  test('off takes back what once added, and without a listener all of the type', async () => {
    const subject = pipeline('p');
    const heard = vi.fn();
    subject.once('call', heard).off('call', heard);
    subject
      .on('call', heard)
      .on('call', () => heard())
      .off('call');
    await subject.run(() => 1);
    expect(heard).not.toHaveBeenCalled();
  });

  test('off of what was never on does nothing', () => {
    const subject = pipeline('p');
    expect(subject.off('call', () => {})).toBe(subject);
    expect(retry().off('retry')).toBeInstanceOf(Object);
  });

  test('on and off return the same, so that they chain', () => {
    const breaker = circuitBreaker();
    expect(
      breaker
        .on('state', () => {})
        .once('reject', () => {})
        .off('state'),
    ).toBe(breaker);
  });

  test('hear what policies emit on behalf of its own runs only', async () => {
    const places = bulkhead({ concurrency: 0 });
    const [first, second] = [pipeline('first', places), pipeline('second', places)];
    const heard: (string | undefined)[] = [];
    first.on('reject', ({ pipeline: name }) => heard.push(name));
    await errorOf(second.run(() => 1));
    await errorOf(places.run(() => 1));
    await errorOf(first.run(() => 1));
    expect(heard).toEqual(['first']);
  });

  test('one that is added by another hears from the next event on, one that is removed does not', async () => {
    const subject = pipeline('p');
    const heard: string[] = [];
    const late = () => heard.push('late');
    subject.on('call', () => subject.on('call', late));
    await subject.run(() => 1);
    expect(heard).toEqual([]);
    await subject.run(() => 1);
    expect(heard).toEqual(['late']);
  });
});

describe('no listener, no cost', () => {
  test('no clock is read where nothing needs the time', async () => {
    const clock = new VirtualClock();
    const now = vi.spyOn(clock, 'now');
    const subject = pipeline(
      { name: 'p', clock },
      fallback(1),
      retry(),
      circuitBreaker({ window: { calls: 10 } }),
      bulkhead(),
    );
    await subject.run(() => 1);
    expect(now).not.toHaveBeenCalled();
    subject.on('call', () => {});
    await subject.run(() => 1);
    expect(now).toHaveBeenCalled();
  });
});

describe('a listener that throws or rejects', () => {
  const print = vi.spyOn(console, 'error');
  beforeEach(() => void print.mockImplementation(() => {}));
  afterEach(() => void print.mockReset());

  const throws = (): never => {
    throw bug;
  };
  const rejects = () => Promise.reject(bug);

  test.each([
    ['throws', throws],
    ['rejects', rejects],
  ])('%s: reaches neither the call nor another listener, and is told as listener-error', async (_, bad) => {
    const subject = pipeline('p', retry());
    const heard: unknown[] = [];
    const faults: ListenerErrorEvent[] = [];
    subject.on('call', bad).on('call', ({ outcome }) => heard.push(outcome.value));
    subject.on('listener-error', (event) => faults.push(event));
    await expect(subject.run(() => 'v')).resolves.toBe('v');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['v']);
    expect(faults).toEqual([{ policy: 'p', pipeline: 'p', error: bug }]);
    expect(print).not.toHaveBeenCalled();
  });

  test.each([
    ['throws', throws],
    ['rejects', rejects],
  ])('%s: where nobody listens it is printed, once for each', async (_, bad) => {
    const [first, second] = [pipeline('first').on('call', bad), pipeline('second').on('call', bad)];
    for (let i = 0; i < 3; i++) {
      await first.run(() => 1);
      await second.run(() => 1);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(print.mock.calls.length).toBe(2);
    expect(print.mock.calls.map(([line]) => String(line)).join()).toMatch(/'first'.*'second'/s);
    expect(print.mock.calls[0]?.[1]).toBe(bug);
  });

  test('nothing is told to a policy that nobody listens to, and nothing goes wrong with that', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 1 }));
    const heard: unknown[] = [];
    subject.on('exhausted', ({ reason }) => heard.push(reason));
    const run = watch(subject.run(() => Promise.reject(new Error('boom'))));
    await clock.runAll();
    expect(run.state).toBe('rejected');
    expect(heard).toEqual(['retries']);
    expect(print).not.toHaveBeenCalled();
  });

  test.each([
    ['throws', throws],
    ['rejects', rejects],
  ])('a listener-error listener that %s is printed, and not told to itself', async (_, bad) => {
    const subject = pipeline('p').on('call', throws);
    const faults = vi.fn(bad);
    subject.on('listener-error', faults);
    await subject.run(() => 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults).toHaveBeenCalledOnce();
    expect(print).toHaveBeenCalledOnce();
  });

  test('of a policy: its own listener-error hears it', async () => {
    const breaker = circuitBreaker({ name: 'db' });
    const faults: ListenerErrorEvent[] = [];
    breaker.on('state', throws).on('listener-error', (event) => faults.push(event));
    breaker.open();
    expect(faults).toMatchObject([{ policy: 'db', error: bug }]);
    expect(breaker.state).toBe('open');
  });

  test('of a state: the call that caused the change is not concerned', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const subject = pipeline('p', breaker).on('state', throws);
    expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
    expect(breaker.state).toBe('open');
  });
});

describe('every payload says where it comes from', () => {
  test('policy and pipeline, for each kind of event', async () => {
    const clock = new VirtualClock();
    const subject = pipeline(
      { name: 'p', clock },
      fallback('plan b'),
      timeout({ ms: 1_000, name: 'whole' }),
      retry({ retries: 1, backoff: constant(1), name: 'again' }),
      circuitBreaker({ consecutiveFailures: 2, name: 'db' }),
      timeout({ ms: 100 }),
      bulkhead({ concurrency: 2, queue: 1, queueTimeoutMs: 50 }),
    );
    const heard = new Map<string, unknown>();
    const hear = (type: string) => (event: { policy: string; pipeline?: string | undefined }) => {
      heard.set(type, [event.policy, event.pipeline]);
    };
    for (const type of [
      'call',
      'retry',
      'exhausted',
      'state',
      'reject',
      'timeout',
      'queue',
      'abandon',
      'fallback',
    ] as const) {
      subject.on(type, hear(type));
    }
    const runs = [1, 2, 3, 4].map(() => watch(subject.run(work().operation)));
    await clock.advance(2_000);
    expect(runs.every(({ value }) => value === 'plan b')).toBe(true);
    expect(Object.fromEntries(heard)).toEqual({
      call: ['p', 'p'],
      retry: ['again', 'p'],
      exhausted: ['again', 'p'],
      state: ['db', 'p'],
      reject: [expect.stringMatching(/^(bulkhead|db)$/), 'p'],
      timeout: ['timeout', 'p'],
      queue: ['bulkhead', 'p'],
      abandon: ['bulkhead', 'p'],
      fallback: ['fallback', 'p'],
    });
  });

  test('a report is made anew for each run', async () => {
    const reports: CallReport[] = [];
    const subject = pipeline('p').on('call', (report) => reports.push(report));
    await subject.run(() => 1, { context: 'a' });
    await subject.run(() => 2, { context: 'b' });
    expect(reports.map(({ context, outcome }) => [context, outcome.value])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

test('who listens to the state once leaves no listener on the policies', () => {
  const breaker = circuitBreaker();
  const states: string[] = [];
  pipeline('p', breaker, spyGate()).once('state', ({ to }) => states.push(to));
  expect(breaker.heard('state')).toBe(true);
  breaker.open();
  breaker.close();
  expect(states).toEqual(['open']);
  expect(breaker.heard('state')).toBe(false);
});
