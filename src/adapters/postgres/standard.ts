/** The policies that a pool of Postgres gets where nothing else is said. */
import type { Pool } from 'pg';
import { exponential } from '../../backoff/backoff.ts';
import { type Pipeline, type PipelineEventsOf, pipeline } from '../../pipeline/pipeline.ts';
import { type Bulkhead, bulkhead } from '../../policies/bulkhead/bulkhead.ts';
import { type CircuitBreaker, circuitBreaker } from '../../policies/circuit-breaker/circuit-breaker.ts';
import { type Retry, retry } from '../../policies/retry/retry.ts';
import { type Timeout, timeout } from '../../policies/timeout.ts';

/** The type of the standard pipeline, with the events of all of its policies. */
export interface StandardPipeline
  extends Pipeline<never, PipelineEventsOf<[Timeout, Retry, CircuitBreaker, Timeout, Bulkhead]>> {}

/** Those who wait for each client of the pool. */
const QUEUE = 20;

/**
 * The pipeline of one pool, outermost first:
 *
 * - the whole call: 30 s;
 * - 3 retries, exponential from 50 ms to 1 s with full jitter, under a budget of 10 % of the successes, 1 a second and a
 *   burst of 10;
 * - a circuit breaker: opens for 5 s when half of at least 20 calls in 10 s failed, or 5 of fewer without a success;
 * - each attempt, its wait for a client included: 10 s. What runs then is cancelled, and its end is waited for, so that
 *   it is known what became of it;
 * - a bulkhead: as many at a time as the pool has clients, 20 times as many waiting for at most 5 s.
 *
 * @param name - labels events and errors. Default: `postgres`
 */
export function standardPipeline(pool: Pick<Pool, 'options'>, name = 'postgres'): StandardPipeline {
  const { max } = pool.options;
  return pipeline(
    name,
    timeout({ ms: 30_000, name: 'total' }),
    retry({ retries: 3, backoff: exponential({ baseMs: 50, maxMs: 1_000, jitter: 'full' }) }),
    circuitBreaker(),
    timeout({ ms: 10_000, name: 'attempt', mode: 'cooperate' }),
    bulkhead({ concurrency: max, queue: QUEUE * max, queueTimeoutMs: 5_000 }),
  );
}
