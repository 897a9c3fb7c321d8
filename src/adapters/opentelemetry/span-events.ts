/** What policies emit on behalf of a run, as events on its span: which of it, and what of that. */
import type { Attributes } from '@opentelemetry/api';
import type { EventOrigin } from '../../core/events.ts';
import type { BreakerRejectEvent, BreakerStateEvent } from '../../policies/circuit-breaker/events.ts';
import type { FallbackEvent } from '../../policies/fallback.ts';
import type { ExhaustedEvent, RetryEvent } from '../../policies/retry/retry.ts';
import { errorType } from './error-type.ts';

type Told = readonly [name: string, attributes: Attributes];

const observed = (event: { readonly observed?: true }): Attributes =>
  event.observed === true ? { 'holdfast.observed': true } : {};

const READERS: Readonly<Record<string, (event: never) => Told | undefined>> = {
  state: ({ from, to, reason, ...event }: BreakerStateEvent) => [
    'state_change',
    { 'holdfast.from': from, 'holdfast.to': to, 'holdfast.reason': reason, ...observed(event) },
  ],
  // A refusal in earnest is told of every gate alike, also of a user's own, which emits nothing.
  reject: ({ state, ...event }: BreakerRejectEvent) =>
    event.observed && ['rejection', { 'holdfast.reason': state, ...observed(event) }],
  stale: () => ['stale', {}],
  retry: ({ attempt, delayMs }: RetryEvent) => [
    'retry',
    { 'holdfast.attempt': attempt, 'holdfast.backoff_ms': delayMs },
  ],
  exhausted: ({ attempt, reason }: ExhaustedEvent) => [
    'exhausted',
    { 'holdfast.attempt': attempt, 'holdfast.reason': reason },
  ],
  abandon: () => ['abandon', {}],
  fallback: ({ error }: FallbackEvent) => ['fallback', { 'error.type': errorType(error) }],
};

/** The name, without its prefix, and what is said besides the policy; undefined for what is no event of a span. */
export function eventFor(type: string, event: EventOrigin): Told | undefined {
  return Object.hasOwn(READERS, type) ? READERS[type]?.(event as never) : undefined;
}
