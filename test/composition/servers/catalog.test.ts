import { type Call, circuitBreaker, fallback, pipeline, timeout } from 'holdfast';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { track } from '../../support/jobs.ts';
import { get, Loopback, until } from '../../support/loopback.ts';

vi.setConfig({ testTimeout: 30_000 });

let server: Loopback;
beforeEach(async () => {
  server = await Loopback.start();
});
afterEach(() => server.close());

/** The composition for what may be stale: the last known answer stands in. */
function catalog({ ms, openMs = 60_000 }: { ms: number; openMs?: number }) {
  const breaker = circuitBreaker({ openMs });
  const last = { known: 'nothing yet' };
  const shop = pipeline(
    'catalog',
    fallback(() => last.known),
    breaker,
    timeout({ ms }),
  );
  const stoodIn: unknown[] = [];
  shop.on('fallback', ({ error }) => stoodIn.push((error as Error).name));
  const prices = () =>
    shop.run(async ({ signal }: Call) => {
      last.known = await get(`${server.url}/prices/${server.seen.length + 1}`, signal);
      return last.known;
    });
  return { breaker, prices, stoodIn };
}

it('passes the answers of a server that is well', async () => {
  const { breaker, prices, stoodIn } = catalog({ ms: 50_000 });
  for (let i = 1; i <= 10; i++) expect(await prices()).toBe(`/prices/${i}`);
  expect(breaker.stats).toMatchObject({ calls: 10, failures: 0 });
  expect([server.seen.length, stoodIn]).toEqual([10, []]);
});

it('answers with the last known while the server fails, which the breaker sees all the same', async () => {
  const { breaker, prices, stoodIn } = catalog({ ms: 50_000 });
  await prices();
  server.answer = () => ({ status: 500 });
  const answers = [];
  for (let i = 0; i < 40; i++) answers.push(await prices());
  expect(answers).toEqual(Array(40).fill('/prices/1'));
  // One success and nineteen failures are the first twenty calls; the other twenty-one never reach the server.
  expect(server.seen).toHaveLength(20);
  expect(breaker.state).toBe('open');
  expect(breaker.stats).toMatchObject({ calls: 20, failures: 19 });
  expect(stoodIn).toEqual([...Array(19).fill('Error'), ...Array(21).fill('CircuitOpenError')]);
});

it('opens after five where the server was never well', async () => {
  const { breaker, prices } = catalog({ ms: 50_000 });
  server.answer = () => ({ status: 500 });
  for (let i = 0; i < 20; i++) expect(await prices()).toBe('nothing yet');
  expect([server.seen.length, breaker.state]).toEqual([5, 'open']);
});

it('answers in time while the server hangs, and soon without asking it', async () => {
  const { breaker, prices, stoodIn } = catalog({ ms: 30 });
  server.answer = () => ({ afterMs: Infinity });
  for (let i = 0; i < 20; i++) expect(await prices()).toBe('nothing yet');
  expect(stoodIn).toEqual([...Array(5).fill('TimeoutError'), ...Array(15).fill('CircuitOpenError')]);
  expect(breaker.stats).toMatchObject({ calls: 5, failures: 5 });
  expect(server.seen.length).toBeLessThanOrEqual(5);
  await until(() => server.deserted === server.seen.length);
});

it('goes back to fresh answers by itself once the server is well', async () => {
  const { breaker, prices } = catalog({ ms: 50_000, openMs: 30 });
  server.answer = (_path, nth) => ({ status: nth <= 5 ? 500 : 200 });
  for (let i = 0; i < 5; i++) await prices();
  await until(() => breaker.state === 'half-open');
  server.hold();
  const probe = track(prices());
  await until(() => server.running === 1);
  expect(await prices()).toBe('nothing yet');
  server.letGo();
  await until(() => probe.state === 'fulfilled');
  expect([probe.value, breaker.state]).toEqual(['/prices/6', 'closed']);
  expect(await prices()).toBe('/prices/7');
});
