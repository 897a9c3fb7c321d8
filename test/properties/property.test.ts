/** What a property says when it does not hold. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { property } from './property.ts';

const short = property({
  number: 99,
  name: 'No list is longer than 3',
  file: 'short',
  script: fc.array(fc.nat(9)),
  reaches: ['an empty list'],
  holds(list, reached) {
    if (list.length === 0) reached('an empty list');
    if (list.length > 3) throw new Error(`${list.length} of them`);
  },
});

test('a fault is told with its seed, its path, and the smallest script as a regression test', async () => {
  const { fault } = await short.check({ cases: 500, seed: 1 });
  expect(fault).toContain('Property 99 does not hold: No list is longer than 3');
  expect(fault).toContain('Error: 4 of them');
  expect(fault).toContain("import property from '../properties/short.ts';");
  expect(fault).toContain('await property.holds([0,0,0,0]);');
});

test('the seed and the path that are told lead to the same fault at once', async () => {
  const { fault } = await short.check({ cases: 500, seed: 1 });
  const [, seed, path] = /--seed (\S+) --path (\S+)/.exec(fault ?? '') ?? [];
  const again = await short.check({ cases: 500, seed: Number(seed), path });
  expect(again.cases).toBe(1);
  expect(again.fault).toContain('await property.holds([0,0,0,0]);');
});

test('the script that is told fails as a regression test', async () => {
  await expect(short.holds([0, 0, 0, 0])).rejects.toThrow('4 of them');
  await expect(short.holds([0, 0, 0])).resolves.toBeUndefined();
});

test('it counts how often each situation was reached', async () => {
  const small = property({ ...shortOptions, holds: (_, reached) => reached('an empty list') });
  expect((await small.check({ cases: 20, seed: 1 })).reached).toEqual({
    'an empty list': 20,
    'a long one': 0,
  });
});

test('a rejection that nobody handles is a fault', async () => {
  const leaky = property({
    ...shortOptions,
    holds: () => void Promise.reject(new Error('forgotten')),
  });
  const { fault, cases } = await leaky.check({ cases: 5, seed: 1 });
  expect(fault).toContain('a rejection was not handled');
  expect(cases).toBe(1);
});

const shortOptions = {
  number: 98,
  name: 'Anything at all',
  file: 'anything',
  script: fc.array(fc.nat(9)),
  reaches: ['an empty list', 'a long one'],
};
