/** Where plain p-retry and ours are configured alike, they do the same: p-retry is the oracle. */
import fc from 'fast-check';
import { constant, retry } from 'holdfast';
import pRetry, { AbortError } from 'p-retry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// Both read the runtime's own timers, so that their waits can be compared too.
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

class CustomError extends Error {}

/** What one attempt does. Values thrown that are no errors are left out: there the two differ on purpose. */
const step = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ value: 'value' }) },
  { weight: 9, arbitrary: fc.string().map((message) => ({ error: new Error(message) })) },
  { weight: 1, arbitrary: fc.constant({ error: new CustomError('custom') }) },
  { weight: 1, arbitrary: fc.constant({ error: new DOMException('stopped', 'AbortError') }) },
  { weight: 1, arbitrary: fc.constant({ error: new TypeError('x is not a function') }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('fetch failed', 'Failed to fetch', 'NetworkError when attempting to fetch resource.')
      .map((message) => ({ error: new TypeError(message) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('given up', new Error('given up'), new TypeError('fetch failed'))
      .map((inner) => ({ error: new AbortError(inner as string) })),
  },
);

const script = fc.record({
  steps: fc.array(fc.record({ step, sync: fc.boolean(), tookMs: fc.constantFrom(0, 0, 5) }), {
    minLength: 1,
    maxLength: 7,
    size: 'max',
  }),
  retries: fc.nat({ max: 5 }),
  delayMs: fc.constantFrom(0, 1, 40),
});

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

/** Runs the script under `retrying`, and writes down each call, its time, and the end. */
async function transcript(
  { steps }: Script,
  retrying: (operation: (attempt: number) => unknown) => Promise<unknown>,
): Promise<unknown[]> {
  const startMs = performance.now();
  const said: unknown[] = [];
  const end = retrying((attempt) => {
    const { step, sync, tookMs } = steps[Math.min(attempt, steps.length) - 1] as Script['steps'][number];
    said.push(['call', attempt, performance.now() - startMs]);
    const settle = (): unknown => {
      if ('error' in step) throw step.error;
      return step.value;
    };
    if (sync) return settle();
    return new Promise<void>((resolve) => (tookMs === 0 ? resolve() : setTimeout(resolve, tookMs))).then(
      settle,
    );
  }).then(
    (value) => said.push(['value', value]),
    (error: unknown) => said.push(['error', error]),
  );
  await vi.runAllTimersAsync();
  await end;
  return said;
}

test('the same calls at the same times, and the same end', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (given) => {
      const { retries, delayMs } = given;
      const theirs = await transcript(given, (operation) =>
        pRetry(operation, { retries, minTimeout: delayMs, factor: 1 }),
      );
      const policy = retry({ retries, backoff: constant(delayMs), budget: false });
      const ours = await transcript(given, (operation) => policy.run(({ attempt }) => operation(attempt)));

      expect(ours).toEqual(theirs);
      expect(Object.is((ours.at(-1) as unknown[])[1], (theirs.at(-1) as unknown[])[1])).toBe(true);
    }),
    { numRuns: 500 },
  );
});
