/** Whether the benchmark measures what it says. No time is judged here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bytesPerCall } from '../benchmarks/allocation.ts';
import type { Candidate } from '../benchmarks/candidates/candidate.ts';
import { candidates } from '../benchmarks/candidates/index.ts';
import { count, listenersOfARun } from '../benchmarks/counts.ts';
import { eachRound, measure, ratio, spread } from '../benchmarks/measure.ts';
import { stage } from '../benchmarks/stage.ts';
import { candidateNamed } from './support/benchmark.ts';

describe('the measuring', () => {
  test('gives each round of each candidate a time', async () => {
    const all = await Promise.all(candidates.map(stage));
    const times = await measure(all, { rounds: 2, batchMs: 0.05, warmUpMs: 0 });
    for (const { name } of candidates) {
      expect(times.get(name), name).toHaveLength(2);
      expect(Math.min(...(times.get(name) ?? [])), name).toBeGreaterThan(0);
    }
    for (const staged of all) staged.close();
  });

  test('counts the calls of a crowd one by one', async () => {
    const candidate = candidateNamed('bare await fn()');
    let calls = 0;
    const build: Candidate['build'] = (work) => ({
      call() {
        calls++;
        return work();
      },
    });
    const crowd = await stage({ ...candidate, name: 'crowd', scenario: 'burst', build });
    const slow = { ...crowd, call: async () => void (await Promise.all([crowd.call(), sleep(5)])) };
    const times = await measure([slow], { rounds: 2, batchMs: 0.01, warmUpMs: 0 });
    // Five batches of at least one crowd beforehand, and then one in each round.
    expect(crowd.each).toBe(1_000);
    expect(calls % 1_000).toBe(0);
    expect(calls).toBeGreaterThanOrEqual(7_000);
    expect(times.get('crowd')).toHaveLength(2);
    // Five milliseconds are five microseconds for each of a thousand.
    for (const nanoseconds of times.get('crowd') ?? []) expect(nanoseconds).toBeLessThan(1e6);
  });

  test('compares within a round, whatever the machine does from round to round', () => {
    const times = new Map([
      ['slow', [20, 2_000, 40]],
      ['fast', [10, 1_000, 20]],
    ]);
    expect(ratio(times, 'slow', 'fast')).toEqual({ median: 2, p10: 2, p90: 2 });
    const more = eachRound(times, ['slow', 'fast'], (slow, fast) => slow! - 2 * fast!);
    expect(more).toEqual({ median: 0, p10: 0, p90: 0 });
    expect(() => ratio(times, 'slow', 'absent')).toThrow("no times of 'absent'");
  });

  test('gives the middle of a distribution and where eight tenths of it lie', () => {
    const values = Array.from({ length: 101 }, (_, i) => (i * 37) % 101);
    expect(spread(values)).toEqual({ median: 50, p10: 10, p90: 90 });
  });

  test('sees the bytes that a call takes', async () => {
    const kept: unknown[] = [];
    const candidate = candidateNamed('bare await fn()');
    const bytesOf = (length: number): Promise<number> =>
      bytesPerCall(
        {
          candidate,
          each: 1,
          rejects: false,
          close() {},
          async call() {
            kept[0] = new Array(length).fill(0);
          },
        },
        9,
      );
    const [few, many] = [await bytesOf(10), await bytesOf(1_010)];
    // A thousand elements of 4 or 8 bytes.
    expect(many - few).toBeGreaterThan(3_000);
    expect(many - few).toBeLessThan(12_000);
  });
});

describe('the counting', () => {
  test("finds one clock reading more in a window by time, and one listener on the caller's signal", async () => {
    const ours = candidateNamed('holdfast: four, caller passes a signal');
    const floor = candidateNamed('by hand, tuned: four, caller passes a signal');
    expect(await count([ours, floor])).toEqual({
      clockReadsMore: 1,
      listeners: [ours, floor].map(({ name }) => ({ name, added: 1, left: 0 })),
    });
  });

  test('sees a listener for each attempt, and one that stays', async () => {
    const heed = (signal: AbortSignal | undefined): void => signal?.addEventListener('abort', () => {});
    const build: Candidate['build'] = (work, _settings, signal) => ({
      async call() {
        heed(signal);
        await work().catch(() => {
          heed(signal);
          return work();
        });
      },
    });
    const candidate = { ...candidateNamed('bare await fn()'), build };
    expect(await listenersOfARun(candidate)).toEqual({ added: 2, left: 2 });
  });
});
