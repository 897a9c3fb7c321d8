/** `npm run payments` in small: the same, with fewer payments and one death of the server. */
import { expect, test } from 'vitest';
import { makePayments } from './payments.ts';

/** For a busy machine. */
const SLOW = 60_000;

test(
  'acknowledged payments are there once, refused ones are not, and the sums balance',
  async () => {
    const paid = await makePayments({ payments: 400, workers: 20, kills: 1, seed: 7 });
    expect(Object.entries(paid.wrong).filter(([, count]) => count > 0)).toEqual([]);
    expect(paid.acknowledged + paid.refused + paid.unknown).toBe(400);
    expect(paid.acknowledged).toBeGreaterThan(0);
    expect(paid.kills).toBe(1);
    expect(paid.breaks).toBeGreaterThan(20);
  },
  SLOW,
);
