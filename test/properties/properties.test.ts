/**
 * Every property, on a few hundred fresh scripts; `npm run prove` takes many more. `HOLDFAST_CASES` takes another number
 * of them, `HOLDFAST_SEED` the same ones again.
 */
import { expect, test } from 'vitest';
import { properties } from './all.ts';

const cases = Number(process.env.HOLDFAST_CASES ?? 500);
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 2 ** 31));

for (const each of properties) {
  test(`${each.number}. ${each.name}`, { timeout: 60_000 }, async () => {
    const { fault, reached } = await each.check({ cases, seed });
    if (fault !== undefined) throw new Error(fault);
    // A few scripts cannot be expected to lead everywhere.
    if (cases >= 500) for (const what of each.reaches) expect(reached[what], what).toBeGreaterThan(0);
  });
}
