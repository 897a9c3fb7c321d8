/** A few configurations of each machine, walked for a few events. `npm run prove` walks all of them to the end. */
import { expect, test } from 'vitest';
import { explorations } from './machines.ts';

const EVENTS = 4;
const SAMPLES = 5;

const samples = explorations.flatMap((exploration) => {
  const { configurations } = exploration;
  const every = Math.ceil(configurations.length / SAMPLES);
  return configurations.filter((_, at) => at % every === 0).map((config) => ({ exploration, config }));
});

test.each(samples)(
  '$exploration.name: $config.name',
  { timeout: 60_000 },
  async ({ exploration, config }) => {
    const { fault, states, transitions } = await exploration.walk(config, EVENTS);
    expect(fault).toBeUndefined();
    expect(states).toBeGreaterThan(EVENTS);
    expect(transitions).toBeGreaterThan(states);
  },
);

test('a small circuit breaker comes to an end', async () => {
  const [breaker] = explorations;
  const smallest = breaker?.configurations.at(-1);
  expect(await breaker?.walk(smallest!)).toMatchInlineSnapshot(`
    {
      "bounded": false,
      "depth": 14,
      "states": 1615,
      "transitions": 25936,
    }
  `);
});

test.each(explorations)('no two configurations of the $name are the same', ({ configurations }) => {
  expect(new Set(configurations.map(({ name }) => name)).size).toBe(configurations.length);
});
