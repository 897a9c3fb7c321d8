/** What very many take: whether it is counted rightly, and what of it does not depend on how many they are. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type Memory, memoryMarkdown } from '../benchmarks/memory/report.ts';
import { countTimers } from '../benchmarks/memory/timers.ts';
import { ORDERS, type Order } from '../benchmarks/memory/waiters.ts';
import { inserted } from '../benchmarks/save.ts';
import { COUNTS_EACH } from './soak/steps.ts';

const originals = { setTimeout, setInterval, clearTimeout, clearInterval };
afterEach(() => void Object.assign(globalThis, originals));

/** What the child measures that the command would start for it. */
async function measured(flags: readonly string[], ...task: string[]): Promise<unknown> {
  const script = ['--import', './test/support/source.ts', ...flags, 'benchmarks/memory/child.ts', ...task];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return JSON.parse(stdout);
}

test('a breaker keeps no timer, and takes more once it was called', async () => {
  const breaker = await measured([], 'breakers', 'holdfast', '500');
  expect(breaker).toEqual({ idle: expect.any(Number), used: expect.any(Number), timers: 0 });
  const { idle, used } = breaker as { idle: number; used: number };
  expect(idle).toBeGreaterThan(0);
  expect(used).toBeGreaterThan(idle);
});

test("finds a peer's timers", async () => {
  expect(await measured([], 'breakers', 'opossum', '20')).toMatchObject({ timers: 2 });
});

test('many breakers that are made set no timer', async () => {
  expect(await measured([], 'making', '500')).toMatchObject({ timers: 0 });
});

test.each(['holdfast', 'by hand, tuned'])('calls in flight share one timer: %s', async (whose) => {
  const calls = await measured([], 'in flight', whose, '2000');
  expect(calls).toEqual({ bytes: expect.any(Number), timers: 1 });
});

test.each(Object.keys(ORDERS))(
  'a waiter aborted %s costs as many steps among many as among few',
  async (order) => {
    const stepsOf = async (waiters: number) =>
      (await measured(COUNTS_EACH, 'steps of waiters', 'holdfast', order, `${waiters}`)) as number;
    const [few, many] = [await stepsOf(500), await stepsOf(4_000)];
    expect(few).toBeGreaterThan(100);
    expect(many / few).toBeCloseTo(1, 2);
  },
);

test('an order names each waiter once', () => {
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(ORDERS) as Order[])), fc.nat(300), (order, waiters) => {
      const sequence = ORDERS[order](waiters);
      expect([...sequence].sort((a, b) => a - b)).toEqual(Array.from({ length: waiters }, (_, i) => i));
    }),
  );
  expect(ORDERS['at random'](100)).toEqual(ORDERS['at random'](100));
  expect(ORDERS['at random'](100)).not.toEqual(ORDERS['from the front'](100));
});

test('a timer is live until it has fired or was taken back', async () => {
  const timers = countTimers();
  const once = setTimeout(() => {}, 3_600_000);
  const again = setInterval(() => {}, 3_600_000);
  const fired = new Promise<void>((resolve) => void setTimeout(resolve, 0));
  expect(timers.live).toBe(3);
  await fired;
  expect(timers.live).toBe(2);
  clearTimeout(once);
  clearInterval(again);
  expect(timers.live).toBe(0);
});

test('the page shows the table of the last saved result', () => {
  const saved = JSON.parse(readFileSync('benchmarks/results/memory-node-24.json', 'utf8')) as Memory;
  const table = memoryMarkdown(saved);
  expect(readFileSync('benchmarks/results/memory-node-24.md', 'utf8')).toBe(table);
  const page = readFileSync('docs/performance.md', 'utf8');
  expect(inserted(page, table, 'bench:memory')).toBe(page);
});
