/** Where plain p-retry and ours are configured alike, they do the same: p-retry is the oracle. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { constant, exponential, retry } from 'holdfast';
import pRetry, { AbortError } from 'p-retry';
import { property } from './property.ts';
import { FakeRuntime } from './support/fake-runtime.ts';

class CustomError extends Error {}

/** How an attempt may end. Values thrown that are no errors are left out: there the two differ on purpose. */
const ENDS = {
  value: () => undefined,
  error: () => new Error('boom'),
  'nameless error': () => new Error(''),
  'custom error': () => new CustomError('custom'),
  'error of an abort': () => new DOMException('stopped', 'AbortError'),
  bug: () => new TypeError('x is not a function'),
  'network error of undici': () => new TypeError('fetch failed'),
  'network error of Chrome': () => new TypeError('Failed to fetch'),
  'network error of Firefox': () => new TypeError('NetworkError when attempting to fetch resource.'),
  'AbortError of a message': () => new AbortError('given up'),
  'AbortError of an error': () => new AbortError(new Error('given up')),
  'AbortError of a network error': () => new AbortError(new TypeError('fetch failed')),
  'AbortError within an AbortError': () => new AbortError(new AbortError('given up')),
} as const;

type End = keyof typeof ENDS;

interface Attempt {
  readonly end: End;
  /** Without one, it throws or returns as a plain function does. */
  readonly tookMs: number | undefined;
}

interface Script {
  /** The last is repeated. */
  readonly attempts: readonly Attempt[];
  readonly retries: number;
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Whether a custom error is final, by p-retry's `shouldRetry` and by our judge. */
  readonly picky: boolean;
}

/** How this attempt ends, numbered from 1. */
const endOf = ({ attempts }: Script, attempt: number): End =>
  (attempts[Math.min(attempt, attempts.length) - 1] as Attempt).end;

/** Runs the script under `retrying`, and writes down each call, its time, and the end. */
async function transcript(
  { attempts }: Script,
  outcomes: readonly (Error | undefined)[],
  retrying: (operation: (attempt: number) => unknown) => Promise<unknown>,
): Promise<unknown[]> {
  const said: unknown[] = [];
  const runtime = new FakeRuntime();
  await runtime.run(async () => {
    const end = retrying((attempt) => {
      said.push(['call', attempt, runtime.now]);
      const i = Math.min(attempt, attempts.length) - 1;
      const tookMs = attempts[i]?.tookMs;
      const settle = (): unknown => {
        if (outcomes[i] !== undefined) throw outcomes[i];
        return outcomes;
      };
      if (tookMs === undefined) return settle();
      return new Promise<void>((resolve) => (tookMs === 0 ? resolve() : setTimeout(resolve, tookMs))).then(
        settle,
      );
    }).then(
      (value) => said.push(runtime.now, 'value', value),
      (error: unknown) => said.push(runtime.now, 'error', error),
    );
    await runtime.passAll();
    await end;
  });
  return said;
}

const script: fc.Arbitrary<Script> = fc.record(
  {
    attempts: fc.array(
      fc.record(
        {
          end: fc.oneof(
            { weight: 3, arbitrary: fc.constant<End>('error') },
            { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(ENDS) as End[])) },
          ),
          tookMs: fc.constantFrom(undefined, 0, 5),
        },
        { noNullPrototype: true },
      ),
      { minLength: 1, maxLength: 6, size: 'max' },
    ),
    retries: fc.constantFrom(0, 1, 2, 3, 5),
    baseMs: fc.constantFrom(0, 1, 40),
    factor: fc.constantFrom(1, 2, 3),
    maxMs: fc.constantFrom(100, 10_000),
    picky: fc.boolean(),
  },
  { noNullPrototype: true },
);

export default property<Script>({
  number: 22,
  name: 'Where plain p-retry and ours are configured alike, they make the same calls in the same order',
  file: 'p-retry',
  script,
  reaches: [...Object.keys(ENDS), 'three calls with waits between', 'a custom error that is final'],
  async holds(given, reached) {
    const { retries, baseMs, factor, maxMs, picky } = given;
    const outcomes = given.attempts.map(({ end }) => ENDS[end]());
    const isFinal = (error: unknown): boolean => picky && error instanceof CustomError;
    const theirs = await transcript(given, outcomes, (operation) =>
      pRetry(operation, {
        retries,
        minTimeout: baseMs,
        maxTimeout: maxMs,
        factor,
        shouldRetry: ({ error }) => !isFinal(error),
      }),
    );
    const policy = retry({
      retries,
      backoff: baseMs === 0 ? constant(0) : exponential({ baseMs, factor, maxMs, jitter: 'none' }),
      budget: false,
      judge: ({ error }) => (isFinal(error) ? { verdict: 'failure', retry: false } : undefined),
    });
    const ours = await transcript(given, outcomes, (operation) =>
      policy.run(({ attempt }) => operation(attempt)),
    );
    const calls = ours.length - 3;
    if (calls > 2 && baseMs > 0) reached('three calls with waits between');
    const made = Array.from({ length: calls }, (_, i) => endOf(given, i + 1));
    for (const end of made) reached(end);
    if (picky && made.at(-1) === 'custom error' && calls <= retries) reached('a custom error that is final');
    assert.deepEqual(ours, theirs);
    assert.equal(ours.at(-1), theirs.at(-1), 'the very same error or value');
  },
});
