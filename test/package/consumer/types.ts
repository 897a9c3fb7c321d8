/** The package's types as a strict project meets them: no library beyond the default, and every .d.ts checked. */
import {
  BulkheadFullError,
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  exponential,
  fallback,
  isRejection,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { type ResilientFetch, resilientFetch } from 'holdfast/fetch';
import { type Logger, logEvents } from 'holdfast/logging';
import { observe } from 'holdfast/observe';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();
const breaker = circuitBreaker({ window: { calls: 2 }, minimumCalls: 1, failureRate: 0.5, clock });
const limit = bulkhead({ concurrency: 5, clock });
const payments = pipeline(
  { name: 'payments', clock },
  fallback(null),
  timeout({ ms: 5_000 }),
  retry({ retries: 2, backoff: exponential({ baseMs: 50, maxMs: 2_000 }) }),
  breaker,
  timeout({ ms: 800 }),
  limit,
);

export const answer: Promise<string | null> = payments.run(async ({ signal }) =>
  signal.aborted ? 'no' : 'yes',
);
export const wrapped: (id: number, name: string) => Promise<boolean | null> = payments.wrap(
  async (id: number, name: string) => name.length === id,
);

/** Pipelines nest, and a policy stands in several. */
export const nested: Promise<number | null> = pipeline('outer', payments, retry(), breaker).run(() => 1);

/** A drop-in: what wants a fetch takes ours. */
export const standard: ResilientFetch = resilientFetch();
export const plain: typeof fetch = resilientFetch({ pipeline: pipeline('api', retry()) });

/** What watches takes pipelines of any kind. */
export const p99Ms: number | undefined = observe(payments).snapshot().last10s.p99Ms;
export const log = (logger: Logger): (() => void) => logEvents([payments, pipeline('api')], logger);

const permit = limit.tryAcquire();
permit?.[Symbol.dispose]();

export function retryAfterMs(error: unknown): number | undefined {
  if (error instanceof BulkheadFullError) return 0;
  if (error instanceof CircuitOpenError) return error.retryAfterMs;
  return isRejection(error) ? error.retryAfterMs : undefined;
}

// @ts-expect-error the value's type comes from the operation
export const wrong: Promise<number> = breaker.run(() => 'text');
