/** Rules of a breaker under which a short script leads everywhere, as plain data, so that a script can be printed. */
import fc from 'fast-check';
import { type CircuitBreakerOptions, type ExponentialJitter, exponential, type WindowSpan } from 'holdfast';
import { Failed } from './work.ts';

export interface BreakerRules {
  readonly window: WindowSpan;
  readonly minimumCalls: number;
  readonly failureRate: number;
  readonly lowTrafficFailures: number;
  readonly consecutiveFailures: number | undefined;
  readonly slowCallMs: number | undefined;
  readonly probes: number;
  readonly probeTimeoutMs: number;
  /** In milliseconds, or by a backoff with this jitter. */
  readonly openMs: number | ExponentialJitter;
  readonly maxOpenMs: number;
  /** What every draw of chance gives. */
  readonly chance: number;
}

export const breakerRules: fc.Arbitrary<BreakerRules> = fc.record(
  {
    window: fc.constantFrom({ calls: 4 }, { calls: 7 }, { ms: 100 }, { ms: 33 }),
    minimumCalls: fc.constantFrom(1, 2, 3, 4),
    failureRate: fc.constantFrom(0.3, 0.5, 1),
    lowTrafficFailures: fc.constantFrom(1, 2, Infinity),
    consecutiveFailures: fc.constantFrom(undefined, 2, 3),
    slowCallMs: fc.constantFrom(undefined, 20),
    probes: fc.constantFrom(1, 2, 3, 4),
    probeTimeoutMs: fc.constantFrom(10, 60, 10_000),
    openMs: fc.constantFrom<(number | ExponentialJitter)[]>(100, 'none', 'decorrelated', 'smooth'),
    maxOpenMs: fc.constantFrom(400, 10_000),
    chance: fc.constantFrom(0.1, 0.75),
  },
  { noNullPrototype: true },
);

/** How long the opening of this number is to last, going by the ones before it. Whole, so that times add up exactly. */
export function ownWaitMs({ openMs, chance }: BreakerRules, before: readonly number[]): number {
  if (typeof openMs === 'number') return openMs;
  const backoff = exponential({ baseMs: 50, maxMs: 800, jitter: openMs });
  const totalMs = before.reduce((sum, ms) => sum + ms, 0);
  return Math.round(
    backoff(before.length + 1, { previousMs: before.at(-1) ?? 0, totalMs, random: () => chance }),
  );
}

/** The options of a breaker by these rules, whose judge reads hints. */
export function optionsOf({ openMs, chance, ...rules }: BreakerRules): CircuitBreakerOptions {
  const backoff =
    typeof openMs === 'string' ? exponential({ baseMs: 50, maxMs: 800, jitter: openMs }) : undefined;
  return {
    ...rules,
    openMs: typeof openMs === 'number' ? openMs : (n, history) => Math.round(backoff?.(n, history) ?? 0),
    random: () => chance,
    judge: ({ error }) =>
      error instanceof Failed ? { verdict: 'failure', retryAfterMs: error.hintMs } : undefined,
  };
}
