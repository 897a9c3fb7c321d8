import {
  type BulkheadOptions,
  bulkhead,
  type Call,
  type CircuitBreakerOptions,
  circuitBreaker,
  exponential,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { track } from '../../support/jobs.ts';
import { get, Loopback, until } from '../../support/loopback.ts';

vi.setConfig({ testTimeout: 30_000 });

let server: Loopback;
beforeEach(async () => {
  server = await Loopback.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
});

interface Times {
  readonly totalMs?: number;
  readonly attemptMs?: number;
  readonly breaker?: CircuitBreakerOptions;
  readonly places?: BulkheadOptions;
}

/** The composition that the README recommends for a call that may be repeated, with shorter delays. */
function payments({ totalMs = 60_000, attemptMs = 50_000, breaker: options, places: limits }: Times = {}) {
  const breaker = circuitBreaker({
    window: { ms: 60_000 },
    failureRate: 0.5,
    minimumCalls: 20,
    openMs: 60_000,
    ...options,
  });
  const places = bulkhead({ concurrency: 5, queue: 10, queueTimeoutMs: 60_000, ...limits });
  const shop = pipeline(
    'payments',
    timeout({ ms: totalMs }),
    retry({ retries: 2, backoff: exponential({ baseMs: 2, maxMs: 20, jitter: 'full' }) }),
    breaker,
    timeout({ ms: attemptMs }),
    places,
  );
  return { shop, breaker, places };
}

const pay =
  (id: number) =>
  ({ signal }: Call) =>
    get(`${server.url}/${id}`, signal);

it('a server that is well sees each call once, and no more at a time than there are places', async () => {
  const { shop, breaker, places } = payments();
  server.hold();
  const calls = Array.from({ length: 20 }, (_, i) => track(shop.run(pay(i))));
  await until(() => server.running === 5);
  expect([places.inFlight, places.queued]).toEqual([5, 10]);
  expect(calls.slice(15).map(({ error }) => (error as Error)?.name)).toEqual(
    Array(5).fill('BulkheadFullError'),
  );
  // Admitted by the breaker, but refused further in: of that it learns nothing.
  expect(breaker.stats.calls).toBe(0);
  server.letGo();
  await until(() => calls.every(({ state }) => state !== 'pending'));
  expect(calls.slice(0, 15).map(({ value }) => value)).toEqual(calls.slice(0, 15).map((_, i) => `/${i}`));
  expect([server.most, server.seen.length]).toEqual([5, 15]);
  expect(breaker.stats).toMatchObject({ calls: 15, failures: 0 });
  expect(places).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
});

it('a server that fails now and then is asked again, and the breaker counts each attempt', async () => {
  const { shop, breaker } = payments({ places: { queue: 100 } });
  const failed = new Set<string>();
  server.answer = (path) => {
    const fails = Number(path.slice(1)) % 10 === 9 && !failed.has(path);
    failed.add(path);
    return { status: fails ? 503 : 200 };
  };
  const values = await Promise.all(Array.from({ length: 40 }, (_, i) => shop.run(pay(i))));
  expect(values).toEqual(values.map((_, i) => `/${i}`));
  expect(server.seen).toHaveLength(44);
  for (const path of ['/9', '/19', '/29', '/39'])
    expect(server.seen.filter((each) => each === path)).toHaveLength(2);
  expect(server.most).toBeLessThanOrEqual(5);
  expect(breaker.stats).toMatchObject({ calls: 44, failures: 4 });
  expect(breaker.state).toBe('closed');
});

it('a server that fails is left alone after five attempts, and not hammered by retries', async () => {
  const { shop, breaker } = payments();
  server.answer = () => ({ status: 500 });
  const errors: unknown[] = [];
  for (let i = 0; i < 20; i++) await shop.run(pay(i)).catch((error) => errors.push(error));
  // Three attempts of the first call, two of the second: the circuit opens, and its last retry is refused.
  expect(server.seen).toEqual(['/0', '/0', '/0', '/1', '/1']);
  expect(breaker.state).toBe('open');
  expect(breaker.stats).toMatchObject({ failures: 5, openings: 1 });
  // Who reached the server gets the server's own error, the others the refusal.
  expect(errors.slice(0, 2)).toEqual([new Error('status 500'), new Error('status 500')]);
  for (const error of errors.slice(2)) {
    expect(error).toMatchObject({
      name: 'CircuitOpenError',
      pipeline: 'payments',
      cause: { message: 'status 500' },
    });
  }
});

it('a server that is well again is tried by one probe, which closes the circuit', async () => {
  const { shop, breaker } = payments({ breaker: { openMs: 30 } });
  breaker.open();
  await until(() => breaker.state === 'half-open');
  server.hold();
  const probe = track(shop.run(pay(0)));
  await until(() => server.running === 1);
  const others = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => shop.run(pay(i))));
  expect(others.map((other) => (other as PromiseRejectedResult).reason.name)).toEqual(
    Array(10).fill('CircuitOpenError'),
  );
  server.letGo();
  await until(() => probe.state === 'fulfilled');
  expect([breaker.state, server.seen.length]).toEqual(['closed', 1]);
});

it('a server that hangs costs each attempt its time and no more; each is a failure to the breaker', async () => {
  const { shop, breaker, places } = payments({ attemptMs: 40 });
  server.answer = () => ({ afterMs: Infinity });
  const error = await shop.run(pay(0)).catch((error) => error);
  expect(error).toMatchObject({ name: 'TimeoutError', policy: 'timeout-2', ms: 40 });
  expect(breaker.stats).toMatchObject({ calls: 3, failures: 3 });
  // fetch heeds the signal: the connections are closed, and the places are free.
  await until(() => server.deserted === server.seen.length);
  expect(server.seen.length).toBeLessThanOrEqual(3);
  expect(places).toMatchObject({ inFlight: 0, abandoned: 0 });
});

it('the whole call has its limit, whatever the attempts would still do', async () => {
  // Attempts longer than the whole are a mistake, and warned of; here they make sure which of the two it is.
  vi.spyOn(console, 'warn').mockImplementationOnce(() => {});
  const { shop, breaker } = payments({ totalMs: 60 });
  server.answer = () => ({ afterMs: Infinity });
  const error = await shop.run(pay(0)).catch((error) => error);
  expect(error).toMatchObject({ name: 'TimeoutError', policy: 'timeout', ms: 60 });
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  expect(server.seen.length).toBeLessThanOrEqual(1);
});

it('a slow server whose callers ignore their signals never works on more than there are places', async () => {
  const { shop, breaker, places } = payments({
    attemptMs: 20,
    breaker: { minimumCalls: 10_000, lowTrafficFailures: Infinity },
    places: { queue: 100 },
  });
  server.answer = () => ({ afterMs: 100 });
  let asked = 0;
  const deaf = (): Promise<string> => {
    asked++;
    return get(`${server.url}/`);
  };
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    calls.push(shop.run(deaf).catch((error) => error));
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: 'TimeoutError' });
  // Of each time-out of an attempt that reached the operation it has learned by now, although the work goes on.
  expect(breaker.stats).toMatchObject({ calls: asked, failures: asked });
  await until(() => places.inFlight === 0);
  expect(asked).toBeGreaterThanOrEqual(5);
  expect(server.seen).toHaveLength(asked);
  expect(server.most).toBeLessThanOrEqual(5);
  expect(places.abandoned).toBe(0);
});

it('a caller who goes away is no failure, and leaves neither a request nor a place behind', async () => {
  const { shop, breaker, places } = payments();
  server.answer = () => ({ afterMs: Infinity });
  const request = new AbortController();
  const calls = Array.from({ length: 15 }, (_, i) => track(shop.run(pay(i), { signal: request.signal })));
  await until(() => server.running === 5);
  request.abort(new Error('client closed the request'));
  await until(() => calls.every(({ state }) => state === 'rejected') && server.deserted === 5);
  expect(calls.every(({ error }) => error === request.signal.reason)).toBe(true);
  await until(() => places.inFlight === 0);
  expect(breaker.stats.calls).toBe(0);
  expect([server.seen.length, places.queued, places.abandoned]).toEqual([5, 0, 0]);
});
