/** opossum 10: one class that is breaker, time-out and semaphore at once. */
import { createRequire } from 'node:module';
import { BREAKER, type Candidate, type Work } from './candidate.ts';

// It brings no types; this is what is used of it here.
interface Opossum {
  fire(): Promise<unknown>;
  shutdown(): void;
}
type OpossumClass = new (action: Work, options: Record<string, number | boolean>) => Opossum;
const require = createRequire(import.meta.url);
const OpossumBreaker = require('opossum') as OpossumClass;

const build: Candidate['build'] = (work, { timeoutMs, concurrency, openMs }) => {
  const breaker = new OpossumBreaker(work, {
    timeout: timeoutMs,
    capacity: concurrency,
    resetTimeout: openMs,
    errorThresholdPercentage: BREAKER.failureRate * 100,
    // Its window is one of time, ten seconds by default.
    volumeThreshold: BREAKER.minimumCalls,
  });
  return { call: () => breaker.fire(), close: () => breaker.shutdown() };
};

const shared = {
  library: 'opossum',
  parts: ['breaker', 'timeout', 'bulkhead'],
  lacks: { 'keeps the place of work that timed out': 'frees the place of work that timed out' },
  build,
} as const;

export const opossum: readonly Candidate[] = [
  { ...shared, name: 'opossum: breaker with timeout and capacity', scenario: 'succeeds' },
  { ...shared, name: 'opossum: open circuit rejects', scenario: 'open' },
];
