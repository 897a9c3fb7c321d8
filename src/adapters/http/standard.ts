/** The policies that outbound HTTP gets where nothing else is said, one set of them for each origin. */
import { exponential } from '../../backoff/backoff.ts';
import { type Keyed, keyed } from '../../pipeline/keyed.ts';
import { type Pipeline, type PipelineEventsOf, pipeline } from '../../pipeline/pipeline.ts';
import { type Bulkhead, bulkhead } from '../../policies/bulkhead/bulkhead.ts';
import { type CircuitBreaker, circuitBreaker } from '../../policies/circuit-breaker/circuit-breaker.ts';
import { type Retry, retry } from '../../policies/retry/retry.ts';
import { type Timeout, timeout } from '../../policies/timeout.ts';

/** The type of the standard pipeline, with the events of all of its policies. */
export interface StandardPipeline
  extends Pipeline<never, PipelineEventsOf<[Timeout, Retry, CircuitBreaker, Timeout, Bulkhead]>> {}

/**
 * The pipeline of one origin, outermost first:
 *
 * - the whole call: 30 s;
 * - 2 retries, exponential from 200 ms to 10 s with full jitter, under a budget of 10 % of the successes, 1 a second
 *   and a burst of 10;
 * - a circuit breaker: opens for 5 s when half of at least 20 calls in 10 s failed, or 5 of fewer without a success;
 * - each attempt, its wait for a place included: 10 s;
 * - a bulkhead: 500 requests at a time, 1_000 waiting for at most 1 s.
 */
export const standardPipeline = (origin: string): StandardPipeline =>
  pipeline(
    origin,
    timeout({ ms: 30_000, name: 'total' }),
    retry({ retries: 2, backoff: exponential({ baseMs: 200, maxMs: 10_000, jitter: 'full' }) }),
    circuitBreaker(),
    timeout({ ms: 10_000, name: 'attempt' }),
    bulkhead({ concurrency: 500, queue: 1_000 }),
  );

/** A pipeline for each of up to 1_000 origins at a time. */
export const standardPipelines = (): Keyed<StandardPipeline> => keyed(standardPipeline);
