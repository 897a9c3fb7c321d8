/**
 * Holdfast: resilience policies that compose around any async function. Start with {@link pipeline}; the whole
 * contract between policies is in {@link Gate} and {@link Layer}.
 *
 * @packageDocumentation
 */
export {
  type Backoff,
  type BackoffHistory,
  type ConstantOptions,
  constant,
  type ExponentialJitter,
  type ExponentialOptions,
  exponential,
  type Jitter,
  type LinearOptions,
  linear,
} from './backoff/backoff.ts';
export type { CommonOptions, NameOption } from './core/built-in.ts';
export type { Call } from './core/call.ts';
export { type Clock, type Random, systemClock, type Timer } from './core/clock.ts';
export type { Disposes } from './core/disposable.ts';
export { Emitter, type EventsOf } from './core/emitter.ts';
export {
  HoldfastError,
  type HoldfastErrorInit,
  isRejection,
  Rejection,
  type RejectionInit,
  TimeoutError,
} from './core/errors.ts';
export type { CommonEvents, EventOrigin, Listener, ListenerErrorEvent, TimeoutEvent } from './core/events.ts';
export type { Judge, Judgement, Verdict } from './core/judge.ts';
export type { Failure, Outcome, Success } from './core/outcome.ts';
export type { Gate, Layer, Next, Operation, Policy } from './core/policy.ts';
export type { RunOptions } from './core/run.ts';
export { type ExtraOf, Runnable } from './core/runnable.ts';
export {
  Keyed,
  type KeyedCreateEvent,
  type KeyedEvent,
  type KeyedEvents,
  type KeyedEvictEvent,
  type KeyedOptions,
  type KeyedOverflowEvent,
  keyed,
} from './pipeline/keyed.ts';
export {
  Pipeline,
  type PipelineEvents,
  type PipelineEventsOf,
  type PipelineOptions,
  pipeline,
} from './pipeline/pipeline.ts';
export type { AttemptReport, CallReport, RejectionReport, WaitReport } from './pipeline/report.ts';
export type { CallResult } from './pipeline/result.ts';
export {
  Bulkhead,
  type BulkheadAbandonEvent,
  type BulkheadEvent,
  type BulkheadEvents,
  type BulkheadOptions,
  type BulkheadRejectEvent,
  bulkhead,
} from './policies/bulkhead/bulkhead.ts';
export { BulkheadFullError, type BulkheadFullInit } from './policies/bulkhead/errors.ts';
export type { BulkheadLimits } from './policies/bulkhead/machine.ts';
export type { BulkheadPermit } from './policies/bulkhead/permit.ts';
export { CircuitBreaker, circuitBreaker } from './policies/circuit-breaker/circuit-breaker.ts';
export { CircuitOpenError } from './policies/circuit-breaker/errors.ts';
export type {
  BreakerEvents,
  BreakerRejectEvent,
  BreakerStaleEvent,
  BreakerStateEvent,
  BreakerStats,
  ChangeReason,
} from './policies/circuit-breaker/events.ts';
export type {
  BreakerSnapshot,
  BreakerState,
  Openings,
  Phase,
  Refusal,
  TripReason,
} from './policies/circuit-breaker/machine.ts';
export type { CircuitBreakerOptions } from './policies/circuit-breaker/options.ts';
export type { BreakerPermit } from './policies/circuit-breaker/permit.ts';
export {
  Fallback,
  type FallbackEvent,
  type FallbackEvents,
  type FallbackFunction,
  type FallbackOptions,
  fallback,
} from './policies/fallback.ts';
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './policies/retry/budget.ts';
export {
  type ExhaustedEvent,
  Retry,
  type RetryEvent,
  type RetryEvents,
  type RetryOptions,
  retry,
} from './policies/retry/retry.ts';
export type { ExhaustedReason } from './policies/retry/schedule.ts';
export {
  Timeout,
  type TimeoutEvents,
  type TimeoutOptions,
  timeout,
} from './policies/timeout.ts';
export type { WindowSnapshot, WindowSpan } from './structures/window.ts';
