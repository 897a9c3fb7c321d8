/** Keys with a breaker and a bulkhead each, and a log of what becomes of their pipelines. */
import {
  type Bulkhead,
  bulkhead,
  type CircuitBreaker,
  circuitBreaker,
  constant,
  type KeyedOptions,
  keyed,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { vi } from 'vitest';
import { Jobs } from './jobs.ts';

export function setUp(options: KeyedOptions = {}) {
  const clock = new VirtualClock();
  const breakers = new Map<string, CircuitBreaker>();
  const limits = new Map<string, Bulkhead>();
  const make = vi.fn((key: string) => {
    const breaker = circuitBreaker({ openMs: 100 });
    const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 5_000 });
    breakers.set(key, breaker);
    limits.set(key, limit);
    const again = retry({ backoff: constant(1_000) });
    return pipeline({ name: key, clock }, again, breaker, timeout({ ms: 500 }), limit);
  });
  const subject = keyed(make, { clock, ...options });
  const log: string[] = [];
  subject.on('create', ({ key }) => log.push(`create ${key}`));
  subject.on('evict', ({ key, reason }) => log.push(`evict ${key}: ${reason}`));
  subject.on('overflow', ({ key, inFlight, circuits }) =>
    log.push(`overflow ${key}: ${inFlight} in flight, ${circuits} circuits`),
  );
  return {
    clock,
    make,
    subject,
    log,
    jobs: new Jobs(),
    keys: () => [...subject.entries()].map(([key]) => key),
    /** The breaker that was made last for the key. */
    breaker: (key: string) => breakers.get(key) as CircuitBreaker,
    limit: (key: string) => limits.get(key) as Bulkhead,
  };
}
