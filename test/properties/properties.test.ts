/**
 * Every property, on a few hundred fresh scripts. `HOLDFAST_CASES` takes more or fewer; `HOLDFAST_SEED` and
 * `HOLDFAST_PATH`, which a failure tells, lead to the same script again.
 */
import { expect, test } from 'vitest';
import { properties } from './all.ts';

const cases = Number(process.env.HOLDFAST_CASES ?? 500);
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const path = process.env.HOLDFAST_PATH;

for (const each of properties) {
  test(`${each.number}. ${each.name}`, { timeout: 60_000 }, async () => {
    const { fault, reached } = await each.check({ cases, seed, path });
    if (fault !== undefined) throw new Error(fault);
    // A few scripts cannot be expected to lead everywhere.
    if (cases >= 500 && path === undefined)
      for (const what of each.reaches) expect(reached[what], what).toBeGreaterThan(0);
  });
}
