/** The conformance suite: what Holdfast does on the virtual clock, one behaviour after another. */
import { asyncContext } from './async-context.ts';
import { backoff } from './backoff.ts';
import type { Behaviour } from './behaviour.ts';
import { breakerControl } from './breaker-control.ts';
import { bulkheads } from './bulkhead.ts';
import { calls } from './calls.ts';
import { circuitBreakers } from './circuit-breaker.ts';
import { clocks } from './clock.ts';
import { contracts } from './contract.ts';
import { errors } from './errors.ts';
import { events } from './events.ts';
import { halfOpenCircuits } from './half-open.ts';
import { judge } from './judge.ts';
import { options } from './options.ts';
import { pipelines } from './pipeline.ts';
import { retries } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { timeouts } from './timeout.ts';

export const suite: readonly Behaviour[] = [
  ...options,
  ...backoff,
  ...judge,
  ...retries,
  ...retryBudgets,
  ...circuitBreakers,
  ...halfOpenCircuits,
  ...breakerControl,
  ...bulkheads,
  ...timeouts,
  ...pipelines,
  ...events,
  ...errors,
  ...calls,
  ...clocks,
  ...asyncContext,
  ...contracts,
];
