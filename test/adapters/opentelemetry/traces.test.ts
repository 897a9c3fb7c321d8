/** What the spans of a run say. */
import { readFileSync } from 'node:fs';
import { diag, SpanKind, SpanStatusCode, type TracerProvider } from '@opentelemetry/api';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  type Policy,
  pipeline,
  Rejection,
  retry,
  timeout,
} from 'holdfast';
import { instrument } from 'holdfast/opentelemetry';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { errorOf, watch, work } from '../../support/spies.ts';
import { registered, sdk, type Told, treeOf, unregister } from './spans.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const boom = Object.assign(new Error('boom'), { code: 'ECONNRESET' });
const { ERROR, UNSET } = SpanStatusCode;

afterEach(unregister);

/** A pipeline whose runs are traced. */
function traced(...policies: Policy[]) {
  const clock = new VirtualClock();
  const { provider, spans } = registered();
  const subject = pipeline({ name: 'p', clock }, ...policies);
  instrument([subject]);
  /** The only run, and its attempts. */
  const told = (): Told => {
    const [run, ...others] = treeOf(spans());
    expect(others).toEqual([]);
    return run!;
  };
  return { clock, provider, subject, spans, told };
}

const eventsOf = ({ events }: Told) => events.map(([name, about]) => [name.replace('holdfast.', ''), about]);

describe('a run and its attempts', () => {
  test('that succeed have neither an error nor a status', async () => {
    const { subject, told, spans } = traced(retry());
    await subject.run(() => 'v');
    expect(told()).toEqual({
      name: 'run p',
      status: UNSET,
      attributes: { 'holdfast.pipeline': 'p', 'holdfast.attempts': 1, 'holdfast.outcome': 'success' },
      events: [],
      below: [
        {
          name: 'attempt p',
          status: UNSET,
          attributes: { 'holdfast.pipeline': 'p', 'holdfast.attempt': 1, 'holdfast.outcome': 'success' },
          events: [],
          below: [],
        },
      ],
    });
    for (const span of spans()) {
      expect(span.kind).toBe(SpanKind.INTERNAL);
      expect(span.instrumentationScope).toMatchObject({ name: 'holdfast', version });
    }
  });

  test('say the number of the attempt, the backoff before it and what ended it', async () => {
    const { clock, subject, told } = traced(retry({ retries: 2, backoff: (n) => n * 50 }));
    const run = watch(
      subject.run(({ attempt }) => {
        if (attempt < 3) throw boom;
        return 'v';
      }),
    );
    await clock.runAll();
    expect(run.value).toBe('v');
    const failed = { 'holdfast.outcome': 'failure', 'error.type': 'ECONNRESET' };
    expect(told().below.map(({ attributes }) => attributes)).toEqual([
      { 'holdfast.pipeline': 'p', 'holdfast.attempt': 1, ...failed },
      { 'holdfast.pipeline': 'p', 'holdfast.attempt': 2, 'holdfast.backoff_ms': 50, ...failed },
      {
        'holdfast.pipeline': 'p',
        'holdfast.attempt': 3,
        'holdfast.backoff_ms': 100,
        'holdfast.outcome': 'success',
      },
    ]);
    expect(told().below.map(({ status }) => status)).toEqual([ERROR, ERROR, UNSET]);
    expect(told().attributes).toMatchObject({ 'holdfast.attempts': 3, 'holdfast.outcome': 'success' });
    expect(eventsOf(told())).toEqual([
      ['retry', { 'holdfast.policy': 'retry', 'holdfast.attempt': 1, 'holdfast.backoff_ms': 50 }],
      ['retry', { 'holdfast.policy': 'retry', 'holdfast.attempt': 2, 'holdfast.backoff_ms': 100 }],
    ]);
  });

  test('that fail say with what, and why no attempt came after', async () => {
    const { subject, told } = traced(retry({ retries: 0 }));
    expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
    expect(told()).toMatchObject({
      status: ERROR,
      attributes: { 'holdfast.outcome': 'failure', 'error.type': 'ECONNRESET' },
      below: [{ status: ERROR, attributes: { 'holdfast.outcome': 'failure', 'error.type': 'ECONNRESET' } }],
    });
    expect(eventsOf(told())).toEqual([
      ['exhausted', { 'holdfast.policy': 'retry', 'holdfast.attempt': 1, 'holdfast.reason': 'retries' }],
    ]);
  });

  test('hold no message and no stack, which may hold anything', async () => {
    const { subject, spans } = traced();
    await errorOf(subject.run(() => Promise.reject(new Error('Authorization: Bearer 1234'))));
    const all = spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(JSON.stringify(all)).not.toContain('1234');
  });

  test('that a timeout gave up end there, and say which it was', async () => {
    const { clock, subject, told } = traced(
      timeout({ ms: 100, name: 'total' }),
      retry({ backoff: constant(5) }),
      timeout({ ms: 40, name: 'each' }),
    );
    const job = work();
    watch(subject.run(job.operation));
    await clock.runAll();
    const attempts = told().below;
    expect(attempts.map(({ attributes }) => attributes['holdfast.policy'])).toEqual([
      'each',
      'each',
      'total',
    ]);
    for (const { attributes } of attempts)
      expect(attributes).toMatchObject({ 'holdfast.outcome': 'timeout', 'error.type': 'HOLDFAST_TIMEOUT' });
    expect(told().attributes).toMatchObject({ 'holdfast.outcome': 'timeout', 'holdfast.policy': 'total' });
    expect(eventsOf(told()).filter(([name]) => name === 'timeout')).toEqual([
      ['timeout', { 'holdfast.policy': 'each', 'holdfast.timeout_ms': 40 }],
      ['timeout', { 'holdfast.policy': 'each', 'holdfast.timeout_ms': 40 }],
      ['timeout', { 'holdfast.policy': 'total', 'holdfast.timeout_ms': 100 }],
    ]);
    // What comes late is nobody's.
    for (const invocation of [0, 1, 2]) job.resolve('late', invocation);
    await clock.advance(0);
    expect(told().below).toEqual(attempts);
  });

  test.each([
    ['503', { status: 503 }],
    ['429', { statusCode: 429 }],
    ['_OTHER', { status: 'down' }],
    ['_OTHER', { status: 7 }],
    ['_OTHER', undefined],
  ])('whose value a judge calls a failure are failures too, of type %s for %j', async (type, value) => {
    const { subject, told } = traced();
    await subject.run(() => value, { judge: () => 'failure' });
    const failed = { status: ERROR, attributes: { 'holdfast.outcome': 'failure', 'error.type': type } };
    expect(told()).toMatchObject({ ...failed, below: [failed] });
  });

  test('that end in time after a timeout has asked them to stop tell how they ended', async () => {
    const { clock, subject, told } = traced(timeout({ ms: 10, mode: 'cooperate' }));
    const job = work();
    const run = watch(subject.run(job.operation));
    await clock.advance(10);
    job.reject(boom);
    await clock.advance(0);
    expect(run.state).toBe('rejected');
    expect(told()).toMatchObject({
      attributes: { 'holdfast.outcome': 'timeout', 'holdfast.policy': 'timeout' },
      events: [['holdfast.timeout', { 'holdfast.policy': 'timeout' }]],
      below: [{ attributes: { 'holdfast.outcome': 'failure', 'error.type': 'ECONNRESET' } }],
    });
  });

  test('that the deadline of the run ended name it', async () => {
    const { clock, subject, told } = traced();
    watch(subject.run(work().operation, { timeoutMs: 20 }));
    await clock.runAll();
    const ended = { 'holdfast.outcome': 'timeout', 'holdfast.policy': 'deadline' };
    expect(told()).toMatchObject({ attributes: ended, below: [{ attributes: ended }] });
  });

  test('that the caller aborted say so', async () => {
    const { subject, told } = traced(retry());
    const controller = new AbortController();
    const run = watch(subject.run(work().operation, { signal: controller.signal }));
    controller.abort();
    await new VirtualClock().advance(0);
    expect(run.state).toBe('rejected');
    const ended = { 'holdfast.outcome': 'aborted', 'error.type': 'AbortError' };
    expect(told()).toMatchObject({ status: ERROR, attributes: ended, below: [{ attributes: ended }] });
  });

  test('end with a run that did not wait for them', async () => {
    const hasty: Layer = {
      around: (next) => (operation, call) => {
        next(operation, call).catch(() => {});
        return Promise.resolve('at once' as never);
      },
    };
    const { subject, told } = traced(hasty);
    const job = work();
    await subject.run(job.operation);
    job.reject(boom);
    await new VirtualClock().advance(0);
    expect(told()).toMatchObject({
      attributes: { 'holdfast.outcome': 'success' },
      below: [{ status: UNSET, attributes: { 'holdfast.outcome': 'aborted' } }],
    });
  });

  test('end in a fallback where its value is what the caller gets', async () => {
    const { subject, told } = traced(fallback('plan b'));
    expect(await subject.run(() => Promise.reject(boom))).toBe('plan b');
    expect(told()).toMatchObject({
      status: UNSET,
      attributes: { 'holdfast.outcome': 'fallback' },
      events: [['holdfast.fallback', { 'holdfast.policy': 'fallback', 'error.type': 'ECONNRESET' }]],
      below: [{ attributes: { 'holdfast.outcome': 'failure' } }],
    });
    expect(told().attributes).not.toHaveProperty('error.type');
  });

  test('end in success where an attempt made good what a fallback further in had answered', async () => {
    const judge = (outcome: { value?: unknown }) => (outcome.value === 'plan b' ? 'failure' : undefined);
    vi.spyOn(console, 'warn').mockImplementation(() => {}); // the order is known to be a mistake
    const { clock, subject, told } = traced(retry({ judge, backoff: constant(1) }), fallback('plan b'));
    vi.restoreAllMocks();
    watch(subject.run(({ attempt }) => (attempt === 1 ? Promise.reject(boom) : 'v')));
    await clock.runAll();
    expect(told()).toMatchObject({ attributes: { 'holdfast.outcome': 'success' }, below: [{}, {}] });
  });

  test('two at a time have each an end of their own', async () => {
    const both: Layer = {
      around: (next) => (operation, call) => Promise.any([next(operation, call), next(operation, call)]),
    };
    const { subject, told } = traced(both);
    const job = work();
    const run = watch(subject.run(job.operation));
    job.reject(boom, 0);
    await new VirtualClock().advance(0);
    job.resolve('v', 1);
    await new VirtualClock().advance(0);
    expect(run.value).toBe('v');
    const outcomes = told().below.map(({ attributes }) => attributes['holdfast.outcome']);
    expect(outcomes).toEqual(['failure', 'success']);
  });
});

describe('layers of the user that', () => {
  const warnings: string[] = [];
  const nothing = (): void => {};
  const warn = (message: string): void => void warnings.push(message);
  const logger = { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };

  test('repeat a run at once make an attempt before which nothing was waited for', async () => {
    const twice: Layer = {
      around: (next) => async (operation, call) => {
        await next(operation, call).catch(() => {});
        return next(operation, call);
      },
    };
    const { clock, subject, told } = traced(twice, retry({ retries: 1, backoff: constant(30) }));
    watch(subject.run(() => Promise.reject(boom)));
    await clock.runAll();
    const waits = told().below.map(({ attributes }) => attributes['holdfast.backoff_ms']);
    expect(waits).toEqual([undefined, 30, undefined, 30]);
  });

  test('start two at a time end with a timeout only the one that it gave up', async () => {
    const clock = new VirtualClock();
    const staggered: Layer = {
      around: (next) => async (operation, call) => {
        const first = next(operation, call);
        first.catch(() => {});
        await new Promise<void>((resolve) => void clock.setTimer(5, resolve));
        return next(operation, call);
      },
    };
    const { provider, spans } = sdk();
    const subject = pipeline({ name: 'p', clock }, staggered, timeout({ ms: 10 }));
    instrument([subject], { tracerProvider: provider });
    const job = work();
    const run = watch(subject.run(job.operation));
    await clock.advance(12);
    job.resolve('v', 1);
    await clock.advance(0);
    expect(run.value).toBe('v');
    const [told] = treeOf(spans());
    const outcomes = told!.below.map(({ attributes }) => attributes['holdfast.outcome']);
    expect(outcomes).toEqual(['timeout', 'success']);
  });

  test('go on after the run has settled change nothing of what went out', async () => {
    diag.setLogger(logger);
    const late: Layer = {
      around: (next) => (operation, call) => {
        const first = next(operation, call);
        first.catch(() => next(operation, call)).catch(() => {});
        return Promise.resolve('at once' as never);
      },
    };
    const { clock, subject, told } = traced(late, timeout({ ms: 10 }));
    await subject.run(() => new Promise(() => {}));
    const before = told();
    await clock.runAll();
    expect(told()).toEqual(before);
    expect(before.below).toHaveLength(1);
    expect(warnings).toEqual([]);
  });
});

describe('events on the span of a run', () => {
  test('tell of a circuit that this run opened, and of a rejection by it', async () => {
    const { subject, spans } = traced(circuitBreaker({ consecutiveFailures: 1, name: 'db' }));
    await errorOf(subject.run(() => Promise.reject(boom)));
    await errorOf(subject.run(() => 'v'));
    const [opened, rejected] = treeOf(spans()) as [Told, Told];
    expect(eventsOf(opened)).toEqual([
      [
        'state_change',
        {
          'holdfast.policy': 'db',
          'holdfast.from': 'closed',
          'holdfast.to': 'open',
          'holdfast.reason': 'consecutive-failures',
        },
      ],
    ]);
    expect(rejected).toMatchObject({
      status: ERROR,
      attributes: {
        'holdfast.outcome': 'rejected',
        'holdfast.policy': 'db',
        'error.type': 'HOLDFAST_CIRCUIT_OPEN',
        'holdfast.attempts': 0,
      },
      below: [],
    });
    expect(eventsOf(rejected)).toEqual([
      [
        'rejection',
        { 'holdfast.policy': 'db', 'error.type': 'HOLDFAST_CIRCUIT_OPEN', 'holdfast.reason': 'open' },
      ],
    ]);
  });

  test('tell what a breaker that only observes would have done', async () => {
    const { subject, spans } = traced(circuitBreaker({ consecutiveFailures: 1, observeOnly: true }));
    await errorOf(subject.run(() => Promise.reject(boom)));
    await subject.run(() => 'v');
    const [opened, observed] = treeOf(spans()) as [Told, Told];
    expect(opened.events[0]?.[1]).toMatchObject({ 'holdfast.to': 'open', 'holdfast.observed': true });
    expect(observed.attributes).toMatchObject({ 'holdfast.outcome': 'success' });
    expect(eventsOf(observed)).toEqual([
      [
        'rejection',
        { 'holdfast.policy': 'circuit-breaker', 'holdfast.reason': 'open', 'holdfast.observed': true },
      ],
    ]);
  });

  test('tell of a wait in a queue, a full bulkhead and a wait that was too long', async () => {
    const places = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 60 });
    const { clock, subject, spans } = traced(places);
    const permit = places.tryAcquire();
    watch(subject.run(() => 'v'));
    await errorOf(subject.run(() => 'v'));
    await clock.advance(30);
    permit?.release();
    await clock.advance(0);
    places.tryAcquire();
    watch(subject.run(() => 'v'));
    await clock.runAll();
    const bulkheaded = { 'holdfast.policy': 'bulkhead', 'error.type': 'HOLDFAST_BULKHEAD_FULL' };
    expect(treeOf(spans()).map(eventsOf)).toEqual([
      [['wait', { 'holdfast.policy': 'bulkhead', 'holdfast.wait_ms': 30 }]],
      [['rejection', { ...bulkheaded, 'holdfast.reason': 'full' }]],
      [
        ['wait', { 'holdfast.policy': 'bulkhead', 'holdfast.wait_ms': 60 }],
        ['rejection', { ...bulkheaded, 'holdfast.reason': 'queue-timeout' }],
      ],
    ]);
  });

  test('tell of a gate of the user that refuses, without what its error holds', async () => {
    class Closed extends Rejection {
      readonly reason = 'secret';
    }
    const gate = {
      name: 'door',
      enter: () => new Closed('closed', { code: 'DOOR_CLOSED' }),
      leave: () => {},
    };
    const { subject, told } = traced(gate);
    await errorOf(subject.run(() => 'v'));
    expect(eventsOf(told())).toEqual([
      ['rejection', { 'holdfast.policy': 'door', 'error.type': 'DOOR_CLOSED' }],
    ]);
  });

  test('tell of work that was given up and goes on, and not of what comes after the run', async () => {
    const { clock, subject, told } = traced(timeout({ ms: 10 }), bulkhead({ reclaimMs: 50 }));
    watch(subject.run(() => new Promise(() => {})));
    await clock.advance(100);
    expect(eventsOf(told())).toEqual([
      ['abandon', { 'holdfast.policy': 'bulkhead' }],
      ['timeout', { 'holdfast.policy': 'timeout', 'holdfast.timeout_ms': 10 }],
    ]);
  });

  test('tell of a result that a breaker took no notice of', async () => {
    const breaker = circuitBreaker();
    const { subject, told } = traced(breaker);
    const job = work();
    const run = watch(subject.run(job.operation));
    breaker.open();
    job.resolve('v');
    await new VirtualClock().advance(0);
    expect(run.value).toBe('v');
    expect(eventsOf(told())).toEqual([['stale', { 'holdfast.policy': 'circuit-breaker' }]]);
  });
});

describe('where spans go', () => {
  test('to the provider that was given, though another is registered', async () => {
    const { spans: elsewhere } = registered();
    const { provider, spans } = sdk();
    const subject = pipeline('p');
    instrument([subject], { tracerProvider: provider });
    await subject.run(() => 'v');
    expect(spans()).toHaveLength(2);
    expect(elsewhere()).toEqual([]);
  });

  test('below the run also where nothing tracks contexts', async () => {
    const { provider, spans } = sdk();
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(0) }));
    instrument([subject], { tracerProvider: provider });
    await subject.run(({ attempt }) => (attempt === 1 ? Promise.reject(boom) : 'v'));
    expect(treeOf(spans())).toMatchObject([{ name: 'run p', below: [{}, {}] }]);
  });

  test('a provider without a method for tracers is refused', () => {
    const tracerProvider = {} as TracerProvider;
    expect(() => instrument([], { tracerProvider })).toThrow(
      'tracerProvider must be a TracerProvider, got {}',
    );
  });
});
