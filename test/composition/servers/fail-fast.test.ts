import { bulkhead, type Call, circuitBreaker, pipeline } from 'holdfast';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { track } from '../../support/jobs.ts';
import { get, Loopback, until } from '../../support/loopback.ts';

vi.setConfig({ testTimeout: 30_000 });

let server: Loopback;
beforeEach(async () => {
  server = await Loopback.start();
});
afterEach(() => server.close());

/** The composition for calls that must not be repeated and need not wait: breaker and bulkhead only. */
function reports() {
  const breaker = circuitBreaker({ window: { calls: 20 }, openMs: 60_000 });
  const places = bulkhead({ concurrency: 5 });
  return { breaker, places, shop: pipeline('reports', breaker, places) };
}

const report = ({ signal }: Call) => get(`${server.url}/report`, signal);

it('a server that is slow gets as many calls as there are places, and the rest fail at once', async () => {
  const { breaker, places, shop } = reports();
  server.hold();
  const calls = Array.from({ length: 50 }, () => track(shop.run(report)));
  await until(() => server.running === 5);
  expect(calls.filter(({ state }) => state === 'rejected')).toHaveLength(45);
  expect(calls.at(-1)?.error).toMatchObject({ name: 'BulkheadFullError', reason: 'full', inFlight: 5 });
  server.letGo();
  await until(() => calls.every(({ state }) => state !== 'pending'));
  expect([server.most, server.seen.length]).toEqual([5, 5]);
  // Forty-five refusals say nothing about the server: the breaker counts five successes.
  expect(breaker.stats).toMatchObject({ calls: 5, failures: 0 });
  expect(places.inFlight).toBe(0);
});

it('a server that fails sees each call once until the circuit opens, and then none', async () => {
  const { breaker, shop } = reports();
  server.answer = () => ({ status: 500 });
  const names: string[] = [];
  for (let i = 0; i < 30; i++) await shop.run(report).catch((error: Error) => names.push(error.name));
  expect(names).toEqual([...Array(5).fill('Error'), ...Array(25).fill('CircuitOpenError')]);
  expect(server.seen).toHaveLength(5);
  expect(breaker.state).toBe('open');
});

it('a rate at the threshold opens the circuit, one below does not', async () => {
  const { breaker, shop } = reports();
  // Nine of the first twenty fail, and ten of the last twenty with the twenty-first.
  server.answer = (_path, nth) => ({ status: nth % 2 === 0 && nth < 20 ? 500 : nth === 21 ? 500 : 200 });
  for (let i = 0; i < 20; i++) await shop.run(report).catch(() => {});
  expect([breaker.state, breaker.stats.failures]).toEqual(['closed', 9]);
  await shop.run(report).catch(() => {});
  expect([breaker.state, breaker.stats.failures, server.seen.length]).toEqual(['open', 10, 21]);
});

it('a server that cannot be reached is a failure too', async () => {
  const { breaker, shop } = reports();
  const { url } = server;
  await server.close();
  const gone = () => get(url);
  for (let i = 0; i < 10; i++) await shop.run(gone).catch(() => {});
  expect(breaker.state).toBe('open');
  expect(breaker.stats).toMatchObject({ calls: 5, failures: 5 });
  server = await Loopback.start();
});

it('calls under way when the circuit opens end as they end', async () => {
  const { breaker, places, shop } = reports();
  server.hold();
  const calls = Array.from({ length: 5 }, () => track(shop.run(report)));
  await until(() => server.running === 5);
  breaker.open();
  const late = track(shop.run(report));
  server.letGo();
  await until(() => calls.every(({ state }) => state === 'fulfilled'));
  expect(late.error).toMatchObject({ name: 'CircuitOpenError' });
  expect([breaker.state, breaker.stats.calls, places.inFlight, server.seen.length]).toEqual([
    'open',
    0,
    0,
    5,
  ]);
});
