/** opossum 10: one class that is breaker, time-out and semaphore at once. */
import { createRequire } from 'node:module';
import { BREAKER, type Candidate, rowsOf, type Settings, type Work } from './candidate.ts';

// It brings no types; this is what is used of it here.
interface Opossum {
  fire(): Promise<unknown>;
  shutdown(): void;
}
type Options = Record<string, number | boolean>;
type OpossumClass = new (action: Work, options: Options) => Opossum;
const require = createRequire(import.meta.url);
const OpossumBreaker = require('opossum') as OpossumClass;

export const fire =
  (more: (settings: Settings) => Options): Candidate['build'] =>
  (work, settings) => {
    const breaker = new OpossumBreaker(work, {
      timeout: false,
      resetTimeout: settings.openMs,
      errorThresholdPercentage: BREAKER.failureRate * 100,
      // Its window is one of time, ten seconds by default.
      volumeThreshold: BREAKER.minimumCalls,
      ...more(settings),
    });
    return { call: () => breaker.fire(), close: () => breaker.shutdown() };
  };

export const THREE = ({ timeoutMs, concurrency }: Settings): Options => ({
  timeout: timeoutMs,
  capacity: concurrency,
});

const all = {
  parts: ['breaker', 'timeout', 'bulkhead'],
  lacks: { 'keeps the place of work that timed out': 'frees the place of work that timed out' },
  build: fire(THREE),
} as const;

export const opossum = rowsOf('opossum', [
  { name: 'breaker', parts: ['breaker'], build: fire(() => ({})) },
  { ...all, name: 'breaker with timeout and capacity' },
  { ...all, name: 'open circuit rejects', scenario: 'open' },
  {
    name: 'full capacity rejects',
    parts: ['breaker', 'bulkhead'],
    scenario: 'full',
    // With a time-out the capacity would not stay full.
    build: fire(({ concurrency }) => ({ capacity: concurrency })),
  },
]);
