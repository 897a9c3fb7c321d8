import type { Gate, Layer } from 'holdfast';
import { assertContract, gateContract, layerContract, VirtualClock } from 'holdfast/testing';
import { afterEach, expect, test } from 'vitest';
import { Places } from './bad-gates.rows.ts';

const open: Gate = { enter: () => undefined, leave: () => {} };
const clear: Layer = { around: (next) => next };

test('assertContract says nothing where every law is kept', async () => {
  await expect(assertContract(gateContract(() => open))).resolves.toBeUndefined();
  await expect(assertContract(layerContract(() => clear))).resolves.toBeUndefined();
});

test('assertContract is not content with nothing', async () => {
  await expect(assertContract([])).rejects.toThrow(
    'assertContract: cases must be a list of cases that is not empty, got []',
  );
});

test('assertContract lists every law that is broken, with what was seen and what is expected', async () => {
  class NeverBack extends Places {
    override release() {}
  }
  const cases = gateContract((clock) => new NeverBack(clock));
  const error = await assertContract(cases).catch((thrown: unknown) => thrown);
  if (!(error instanceof AggregateError)) throw error;
  expect(error.message).toMatch(new RegExp(`^${error.errors.length} of ${cases.length} laws are broken:\n`));
  expect(error.errors.length).toBeGreaterThan(5);
  for (const broken of error.errors) {
    expect(broken.name).toBe('ContractError');
    expect(error.message).toContain(broken.message);
  }
  expect(error.message).toContain(`
- a gate becomes as new again after a call that succeeded.
  Expected: 2 let in, 3 waiting, 59 refused.
  Seen: after 100 of these it received a crowd like this: 64 refused.
`);
});

test('a suite comes to its end although a gate sets timers without one', async () => {
  const ticking = gateContract((clock) => {
    const tick = () => void clock.setTimer(1, tick);
    tick();
    return open;
  });
  const law = ticking.find(({ name }) => name.includes('a call that failed'));
  await expect(law?.run()).rejects.toThrow('Seen: Error: the policy sets timers without an end.');
});

test('a suite comes to its end although a layer tries for ever', async () => {
  const stubborn: Layer = {
    around: (next) => async (operation, call) => {
      for (;;) {
        try {
          return await next(operation, call);
        } catch {}
      }
    },
  };
  const law = layerContract(() => stubborn).find(({ name }) => name === 'a layer answers every call');
  await expect(law?.run()).rejects.toThrow('a call that failed was never answered');
});

test('a case whose policy cannot be made says so, and the law at which it was', async () => {
  const cases = gateContract(() => {
    throw new RangeError('bad options');
  });
  await expect(cases[0]?.run()).rejects.toThrow(
    'a gate lets in the first call.\n  Seen: RangeError: bad options.',
  );
});

/** Leaves a promise alone that rejects. */
const careless: Gate = { ...open, leave: async () => Promise.reject(new Error('the metrics are down')) };

const listeners = process.listeners('unhandledRejection');

afterEach(() => {
  expect(process.listeners('unhandledRejection')).toEqual(listeners);
});

test('a promise that rejects without a handler is the broken law in any case, and heard by nobody else', async () => {
  for (const { run } of gateContract(() => careless).slice(0, 3))
    await expect(run()).rejects.toThrow(
      'a gate leaves no promise to reject without a handler.\n  Expected: none.\n  Seen: Error: the metrics are down.',
    );
});

test('a law that several cases come upon is listed once', async () => {
  const broken = assertContract(gateContract(() => careless));
  await expect(broken).rejects.toThrow(/^1 of \d+ laws are broken:\n- a gate leaves no promise/);
});

test('cases that are started at once take turns, so that each hears of its own rejections alone', async () => {
  const outcomes = await Promise.allSettled(
    [gateContract(() => open), gateContract(() => careless), gateContract(() => open)].map((cases) =>
      Promise.all(cases.slice(0, 3).map(({ run }) => run())),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test.each<[string, unknown[]]>([
  ['make must be a function, got an instance of', [new Places(new VirtualClock())]],
  ['unknown option "rejects", got true; allowed are', [() => open, { rejects: true }]],
  ['listen must be a function, got true', [() => open, { listen: true }]],
])('a suite whose options are bad says so at once: %s', (message, args) => {
  expect(() => gateContract(...(args as [never]))).toThrow(`gateContract: ${message}`);
  expect(() => layerContract(...(args as [never]))).toThrow(`layerContract: ${message}`);
});

test('a policy that is not of the kind says so, also one that a pipeline would take', async () => {
  const said = [
    gateContract(() => clear as never),
    gateContract((async () => open) as never),
    layerContract(() => open as never),
    layerContract((() => undefined) as never),
  ].map(([first]) => first?.run().catch((error: Error) => error.message.split('\n').at(-1)));
  expect(await Promise.all(said)).toEqual([
    '  Seen: TypeError: gateContract: what make gives must be a gate (enter, leave), got {}.',
    '  Seen: TypeError: gateContract: what make gives must be a gate (enter, leave), got an instance of Promise.',
    '  Seen: TypeError: layerContract: what make gives must be a layer (around), and no gate, got {}.',
    '  Seen: TypeError: layerContract: what make gives must be a layer (around), and no gate, got undefined.',
  ]);
});

test('what a layer replaces is one of three words', () => {
  expect(() => layerContract(() => clear, { replaces: 'all' as never })).toThrow(
    `layerContract: replaces must be 'values' or 'errors' or 'both', got "all"`,
  );
});
