/** The smallest configurations of each machine, walked to the end: those that take a second or so. */
import { expect, test } from 'vitest';
import { explorations } from './machines.ts';

const small = explorations.flatMap((exploration) =>
  exploration.configurations.slice(-6).map((config) => ({ exploration, config })),
);

test.each(small)('$exploration.name: $config.name', async ({ exploration, config }) => {
  const { fault, states, transitions, depth, bounded } = await exploration.walk(config);
  expect(fault).toBeUndefined();
  expect(bounded).toBe(false);
  expect(transitions).toBeGreaterThan(states);
  expect(depth).toBeGreaterThan(2);
});

test.each(explorations)('no two configurations of the $name are the same', ({ configurations }) => {
  expect(new Set(configurations.map(({ name }) => name)).size).toBe(configurations.length);
});
