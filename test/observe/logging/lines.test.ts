import { bulkhead, circuitBreaker, constant, keyed, pipeline, retry, timeout } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watch } from '../../support/spies.ts';
import { causes, down, Log, linesFor, setUp } from './support.ts';

const WALL = Date.UTC(2030, 0, 2, 3, 0, 0);

beforeEach(() => {
  vi.spyOn(Date, 'now').mockReturnValue(WALL);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const atWall = (ms: number) => new Date(WALL + ms).toISOString();

describe('a circuit that opens', () => {
  test('is a warning that says which, since when, for what, and when the next probe is due', async () => {
    const { log, run } = setUp();
    await run('ok', 'fail', 'ok', 'fail');
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'payments: circuit-breaker opened',
        fields: {
          event: 'holdfast.circuit.opened',
          pipeline: 'payments',
          policy: 'circuit-breaker',
          since: atWall(0),
          reason: 'failure-rate',
          failureRate: 0.5,
          calls: 4,
          failures: 2,
          slow: 0,
          openings: 1,
          errorName: 'Error',
          errorCode: 'ECONNREFUSED',
          retryAfterMs: 5_000,
          nextProbeAt: atWall(5_000),
          count: 1,
        },
      },
    ]);
  });

  test('says so too where there were too few calls for a rate', async () => {
    const { log, run } = setUp();
    await run('fail', 'fail', 'fail');
    expect(log.lines).toEqual([]);
    const clock = new VirtualClock();
    const few = pipeline({ name: 'few', clock }, circuitBreaker());
    logEvents([few], log, { clock });
    for (let i = 0; i < 5; i++) watch(few.run(() => Promise.reject(down)));
    await clock.advance(0);
    expect(log.lines[0]?.fields).toMatchObject({
      reason: 'low-traffic',
      failureRate: 1,
      calls: 5,
      failures: 5,
    });
  });

  test('again, and closes: since the first time, however often it was tried', async () => {
    const { clock, log, run } = setUp();
    await run('fail', 'fail', 'fail', 'fail');
    await clock.advance(2_000);
    await run('ok', 'ok');
    await clock.advance(4_000);
    vi.mocked(Date.now).mockReturnValue(WALL + 6_000);
    await run('fail');
    await clock.advance(7_000);
    await run('ok');
    await clock.advance(1_000);
    expect(log.events.map((event) => String(event).slice('holdfast.circuit.'.length))).toEqual([
      'opened',
      'rejected',
      'half-open',
      'opened',
      'half-open',
      'closed',
    ]);
    const { failureRate, calls } = { failureRate: 1, calls: 4 };
    expect(log.of('circuit.half-open')[0]).toMatchObject({
      level: 'info',
      message: 'payments: circuit-breaker is half-open',
      fields: { since: atWall(0), failureRate, calls, errorCode: 'ECONNREFUSED' },
    });
    expect(log.of('circuit.opened')[1]?.fields).toMatchObject({
      since: atWall(0),
      nextProbeAt: atWall(11_000),
      openings: 2,
      failureRate,
      calls,
    });
    expect(log.of('circuit.closed')).toEqual([
      {
        level: 'info',
        message: 'payments: circuit-breaker closed',
        fields: {
          event: 'holdfast.circuit.closed',
          pipeline: 'payments',
          policy: 'circuit-breaker',
          since: atWall(0),
          reason: 'probes',
          openForMs: 13_000,
          rejected: 2,
          count: 1,
        },
      },
    ]);
  });

  test('begins a new incident the next time', async () => {
    const { clock, log, breaker, run } = setUp();
    breaker.open();
    await run('ok');
    breaker.close();
    await clock.advance(1_000);
    vi.mocked(Date.now).mockReturnValue(WALL + 1_000);
    breaker.open();
    breaker.close();
    expect(log.of('circuit.opened')[1]?.fields).toMatchObject({ since: atWall(1_000), reason: 'manual' });
    expect(log.of('circuit.closed').map(({ fields }) => fields.rejected)).toEqual([1, 0]);
  });

  test('by hand, has no error', async () => {
    const { log, breaker } = setUp();
    breaker.open();
    expect(log.lines[0]?.fields).toMatchObject({ reason: 'manual', calls: 0 });
    expect(Object.keys(log.lines[0]?.fields ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(err|failureRate)/)]),
    );
  });

  test('for longer than there are dates says in how many milliseconds, and no date', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const breaker = circuitBreaker({ openMs: 1e300, maxOpenMs: 1e300 });
    logEvents([pipeline({ name: 'p', clock }, breaker)], log, { clock });
    breaker.open();
    expect(log.lines[0]?.fields).toMatchObject({ retryAfterMs: 1e300 });
    expect(log.lines[0]?.fields).not.toHaveProperty('nextProbeAt');
  });

  test('and was open before anybody looked, is told of with its rejections and when it closes', async () => {
    const clock = new VirtualClock({ startMs: 60_000 });
    const log = new Log();
    const before = circuitBreaker({ clock, consecutiveFailures: 1 });
    watch(before.run(() => Promise.reject(down)));
    await clock.advance(1_000);
    const restored = circuitBreaker({ clock, consecutiveFailures: 1, restore: before.snapshot() });
    const subject = pipeline({ name: 'p', clock }, restored);
    logEvents([subject], log, { clock });
    watch(subject.run(() => 1));
    await clock.advance(1_000);
    expect(log.lines.map(({ fields }) => fields)).toMatchObject([
      { event: 'holdfast.circuit.rejected', since: atWall(-1_000), retryAfterMs: 4_000, openings: 1 },
    ]);
    restored.close();
    expect(log.of('circuit.closed')[0]?.fields).toMatchObject({ openForMs: 2_000, rejected: 1 });
  });

  test('where it only observes, is marked', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const breaker = circuitBreaker({ observeOnly: true });
    const subject = pipeline({ name: 'p', clock }, breaker);
    logEvents([subject], log, { clock });
    breaker.open();
    watch(subject.run(() => 1));
    await clock.advance(6_000);
    watch(subject.run(() => 1));
    breaker.isolate('i');
    breaker.release('i');
    await clock.advance(1_000);
    expect(log.lines.length).toBe(5);
    expect(log.lines.map(({ fields }) => fields.observed)).toEqual([true, true, true, true, true]);
  });
});

test('an isolated circuit says for which reasons', async () => {
  const { log, breaker, clock } = setUp();
  breaker.isolate('ticket 1');
  breaker.isolate('ticket 2');
  await clock.advance(2_000);
  breaker.release('ticket 1');
  breaker.release('ticket 2');
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', expect.objectContaining({ event: 'holdfast.circuit.isolated', reasons: ['ticket 1'] })],
    ['info', expect.objectContaining({ reason: 'isolation', openForMs: 2_000 })],
  ]);
});

describe('rejections', () => {
  test('by a circuit are one line a second, with what an engineer asks', async () => {
    const { log, clock, run } = setUp();
    await run('fail', 'fail', 'fail', 'fail');
    await clock.advance(300);
    await run('ok', 'ok', 'ok');
    await clock.advance(1_000);
    expect(log.of('circuit.rejected')).toEqual([
      {
        level: 'warn',
        message: 'payments: circuit-breaker rejects calls',
        fields: {
          event: 'holdfast.circuit.rejected',
          pipeline: 'payments',
          policy: 'circuit-breaker',
          state: 'open',
          since: atWall(0),
          reason: 'failure-rate',
          failureRate: 1,
          calls: 4,
          failures: 4,
          slow: 0,
          openings: 1,
          errorName: 'Error',
          errorCode: 'ECONNREFUSED',
          retryAfterMs: 4_700,
          nextProbeAt: atWall(4_700),
          count: 3,
        },
      },
    ]);
  });

  test('by a bulkhead are one line for each reason', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 100 });
    const subject = pipeline({ name: 'p', clock }, limit);
    logEvents([subject], log, { clock });
    limit.tryAcquire();
    for (let i = 0; i < 3; i++) watch(subject.run(() => 1));
    await clock.advance(1_000);
    const places = { inFlight: 1, concurrency: 1, queue: 1 };
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ reason: 'full', count: 2, queued: 1, ...places }),
      expect.objectContaining({ reason: 'queue-timeout', count: 1, queued: 0, ...places }),
    ]);
  });
});

test('retries that end because the answer is not to be tried again are no news', async () => {
  const clock = new VirtualClock();
  const log = new Log();
  const subject = pipeline(
    { name: 'p', clock },
    retry({ judge: () => ({ verdict: 'failure', retry: false }) }),
  );
  logEvents([subject], log, { clock });
  watch(subject.run(() => Promise.reject(down)));
  await clock.advance(2_000);
  expect(log.lines).toEqual([]);
});

test('the deadline of a run has a line beside those of timeouts', async () => {
  const clock = new VirtualClock();
  const log = new Log();
  const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10 }), timeout({ ms: 5 }));
  logEvents([subject], log, { clock });
  watch(subject.run(() => new Promise(() => {}), { timeoutMs: 3 }));
  watch(subject.run(() => new Promise(() => {})));
  await clock.advance(1_100);
  expect(log.lines.map(({ message, fields }) => [message, fields.ms])).toEqual([
    ['p: deadline gave up on calls', 3],
    ['p: timeout-2 gave up on calls', 5],
  ]);
});

describe('of an error', () => {
  const told = async (error: unknown, includeErrors?: boolean) => {
    const clock = new VirtualClock();
    const log = new Log();
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 1, backoff: constant(1) }));
    logEvents([subject], log, { clock, includeErrors });
    watch(subject.run(() => Promise.reject(error), { judge: () => ({ verdict: 'failure', retry: true }) }));
    await clock.advance(2_000);
    const { errorName, errorCode, err, ...rest } = log.of('retry')[0]?.fields ?? {};
    return { errorName, errorCode, err, rest };
  };

  test.each(Object.keys(causes) as (keyof typeof causes)[])(
    'nothing but the name and the code is in a line: %s',
    async (event) => {
      const lines = await linesFor(event);
      expect(lines.length).toBeGreaterThan(0);
      expect(JSON.stringify(lines)).not.toMatch(/secret|10\.0\.0\.1/);
    },
  );

  test('all is handed over where that is asked for', async () => {
    expect(await told(down, true)).toMatchObject({
      errorName: 'Error',
      errorCode: 'ECONNREFUSED',
      err: down,
    });
    const events = ['circuit.opened', 'circuit.rejected', 'fallback', 'listener-error'] as const;
    for (const event of events)
      expect((await linesFor(event, { includeErrors: true }))[0]?.fields.err, event).toBe(down);
  });

  test('the code may be that of its cause, as with fetch', async () => {
    const error = new TypeError('fetch failed', { cause: new Error('', { cause: { code: 'ENOTFOUND' } }) });
    expect(await told(error)).toMatchObject({ errorName: 'TypeError', errorCode: 'ENOTFOUND' });
  });

  test('a code may be a number, and is nothing else', async () => {
    expect((await told({ name: 'GrpcError', code: 14 })).errorCode).toBe(14);
    expect((await told({ name: 'GrpcError', code: { secret: 1 } })).errorCode).toBeUndefined();
  });

  test.each([
    ['a string', 'down', 'string'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'object'],
    ['a nameless object', {}, 'object'],
    ['a function', () => {}, 'function'],
    ['a name that is none', { name: 7 }, 'object'],
  ])('%s has its type for a name', async (_what, error, name) => {
    expect(await told(error)).toMatchObject({ errorName: name, errorCode: undefined });
  });

  test('a getter that throws, a revoked proxy, a circle of causes and endless names do no harm', async () => {
    const trap = {
      get name() {
        throw new Error('no');
      },
      get code() {
        throw new Error('no');
      },
    };
    expect((await told(trap)).errorName).toBe('object');
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect((await told(proxy)).errorName).toBe('object');
    const circle: { cause?: unknown } = {};
    circle.cause = circle;
    expect((await told(circle)).errorCode).toBeUndefined();
    const endless = { name: 'n'.repeat(1e6), code: 'c'.repeat(1e6) };
    const { errorName, errorCode } = await told(endless);
    expect([String(errorName).length, String(errorCode).length]).toEqual([200, 200]);
  });
});

test('a keyed that has no room for more is a warning', async () => {
  const clock = new VirtualClock();
  const log = new Log();
  const hosts = keyed((name) => pipeline({ name, clock }), { max: 1, clock, name: 'hosts' });
  logEvents([hosts], log, { clock });
  for (const key of ['a', 'b', 'c']) watch(hosts.run(key, () => new Promise(() => {})));
  await clock.advance(1_000);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'hosts has no room for more',
      fields: {
        event: 'holdfast.keyed.overflow',
        policy: 'hosts',
        keyed: 'hosts',
        inFlight: 1,
        circuits: 0,
        count: 2,
      },
    },
  ]);
});
