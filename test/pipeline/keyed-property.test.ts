/** Random scripts against the model. `HOLDFAST_CASES` takes another number of them, `HOLDFAST_SEED` the same ones again. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flush } from '../support/jobs.ts';
import { KEYS, type Made, type Shape, World } from './keyed-model.ts';

type Step = { readonly does: keyof typeof actions; readonly at: number };

const at = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];
const keyAt = (n: number): string => KEYS[n % KEYS.length] as string;
/** Rather one of those made last. */
const madeAt = ({ made }: World, n: number): Made | undefined => at(made.slice(-8), n);

function settle(world: World, n: number, how: 'end' | 'fail'): void {
  const [job] = world.jobs.splice(n % Math.max(1, world.jobs.length), 1);
  job?.[how]();
}

const actions = {
  get: (world: World, n: number) => void world.get(keyAt(n)),
  run: (world: World, n: number) => {
    const key = keyAt(n);
    // The model is asked first who must get it, and asking counts as use either way.
    const entry = world.get(key);
    if (entry.pipeline !== world.subject.get(key)) return world.begin(entry, (f) => entry.pipeline.run(f));
    world.begin(entry, (operation) => world.subject.run(key, operation));
  },
  'run what is held': (world: World, n: number) => {
    const entry = madeAt(world, n);
    if (entry !== undefined)
      world.begin(
        entry,
        entry.pipeline.wrap((operation) => operation()),
      );
  },
  end: (world: World, n: number) => settle(world, n, 'end'),
  fail: (world: World, n: number) => settle(world, n, 'fail'),
  open: (world: World, n: number) => madeAt(world, n)?.breaker.open(),
  close: (world: World, n: number) => madeAt(world, n)?.breaker.close(),
  isolate: (world: World, n: number) => madeAt(world, n)?.breaker.isolate('by hand'),
  release: (world: World, n: number) => madeAt(world, n)?.breaker.release('by hand'),
  'take a permit': (world: World, n: number) => {
    const entry = madeAt(world, n);
    const permit = entry?.breaker.tryAcquire();
    if (permit !== undefined) entry?.permits.push(permit);
  },
  'give a permit back': (world: World, n: number) => {
    const holders = world.made.filter(({ permits }) => permits.length > 0);
    at(holders, n)?.permits.pop()?.[n % 2 === 0 ? 'success' : 'failure'](new Error('down'));
  },
  'open the common': (world: World) => world.common.open(),
  'close the common': (world: World) => world.common.close(),
  wait: async (world: World, n: number) => {
    for (let ms = 0; ms < 1 + (n % 8); ms++) await world.clock.advance(1);
  },
} as const;

const commandOf = (step: Step): fc.AsyncCommand<World, World> => ({
  check: () => true,
  async run(world) {
    await actions[step.does](world, step.at);
    await flush();
    world.check();
  },
  toString: () => `${step.does} ${step.at}`,
});

const weights: Partial<Record<Step['does'], number>> = { get: 6, run: 6, end: 5, wait: 3 };
const steps = (Object.keys(actions) as Step['does'][]).flatMap((does) =>
  Array.from({ length: weights[does] ?? 1 }, () => does),
);
const command = fc.record({ does: fc.constantFrom(...steps), at: fc.nat({ max: 47 }) }).map(commandOf);
const shape: fc.Arbitrary<Shape> = fc.record({
  max: fc.integer({ min: 1, max: 4 }),
  idleMs: fc.constantFrom(5, 20, Infinity),
  sharing: fc.boolean(),
});

const cases = Number(process.env.HOLDFAST_CASES ?? 600);
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test('keeps and evicts as the model says, and never what holds anything', { timeout: 120_000 }, async () => {
  const reached: Record<string, number> = {};
  const property = fc.asyncProperty(
    shape,
    fc.commands([command], { maxCommands: 40, size: 'max' }),
    async (each, commands) => {
      const world = new World(each);
      await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
      for (const [what, times] of Object.entries(world.reached)) reached[what] = (reached[what] ?? 0) + times;
    },
  );
  await fc.assert(property, { numRuns: cases, seed });
  if (cases < 500) return;
  for (const what of ['evicted', 'expired', 'overflow by circuits', 'overflow by calls', 'kept after all'])
    expect(reached[what], what).toBeGreaterThan(0);
});
