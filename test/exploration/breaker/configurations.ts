/** All the small circuit breakers. Durations are of a few milliseconds, so that every moment near a boundary is met. */
import type { BreakerRules } from '../../../src/policies/circuit-breaker/machine.ts';
import type { BreakerConfig } from './system.ts';

/** In what the configurations differ. */
export type Varied = Pick<BreakerRules, 'window' | 'minimumCalls' | 'probes' | 'failureRate'> &
  Partial<BreakerRules>;

/** A circuit breaker that heeds nothing but the share of failures, unless more is said. */
export const breakerConfig = (
  varied: Varied,
  limits: Pick<BreakerConfig, 'inFlight' | 'held'>,
): BreakerConfig => ({
  name: JSON.stringify(varied).replace(/[{}"]/g, '').replaceAll(':', ' ').replaceAll(',', ', '),
  rules: {
    lowTrafficFailures: Infinity,
    consecutiveFailures: Infinity,
    slowRate: Infinity,
    probeTimeoutMs: 2,
    maxOpenMs: 100,
    ...varied,
  },
  // Growing, so that it makes a difference how often it has opened in a row.
  waits: [2, 3],
  ...limits,
});

const UPTO_3 = [1, 2, 3];

/** With this minimum: each number of probes, each rate, and what trips besides the rate. */
const variants = (minimumCalls: number): Omit<Varied, 'window'>[] =>
  UPTO_3.flatMap((probes) =>
    [1, 0.5].flatMap((failureRate) =>
      [{}, { consecutiveFailures: 2 }, { lowTrafficFailures: minimumCalls - 1 }]
        .filter(({ lowTrafficFailures }) => lowTrafficFailures !== 0)
        .map((early) => ({ minimumCalls, probes, failureRate, ...early })),
    ),
  );

// Slow calls double the outcomes, and with three of them in a window by time there would be too many states.
const byTime = [3, 2, 1].flatMap((minimumCalls) =>
  variants(minimumCalls).flatMap((rules) =>
    (minimumCalls === 3 ? [{}] : [{ slowRate: 0.5 }, {}]).map((slow) =>
      breakerConfig(
        { window: { ms: 20 }, ...rules, ...slow },
        { inFlight: 4, held: Math.max(2, minimumCalls) },
      ),
    ),
  ),
);

const byCalls = [4, 3, 2, 1].flatMap((calls) =>
  UPTO_3.filter((minimumCalls) => minimumCalls <= calls)
    .flatMap(variants)
    .flatMap((rules) =>
      [{ slowRate: 0.5 }, {}].map((slow) =>
        breakerConfig({ window: { calls }, ...rules, ...slow }, { inFlight: 4, held: calls }),
      ),
    ),
);

/** The largest first, so that several processes come to an end at about the same time. */
export const breakerConfigurations: readonly BreakerConfig[] = [...byTime, ...byCalls];
