/** What is read of the library's policies, which are known by their kind, not by their class. */
import type { BuiltIn } from '../core/built-in.ts';
import type { EventOrigin } from '../core/events.ts';

/** Any of them. */
export type AnyPolicy = BuiltIn<object, unknown>;

type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';

export interface StateEvent extends EventOrigin {
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly atMs: number;
  readonly reason: string;
  readonly unwellSinceMs: number | undefined;
}

export type Circuit = AnyPolicy & {
  readonly kind: 'circuit-breaker';
  readonly state: CircuitState;
  readonly stats: { readonly calls: number; readonly failures: number; readonly slow: number };
  snapshot(): { readonly ageMs: number; readonly phase: { readonly kind: string; readonly waitMs?: number } };
};

export type BulkheadLike = AnyPolicy & {
  readonly kind: 'bulkhead';
  readonly inFlight: number;
  readonly queued: number;
  readonly abandoned: number;
  readonly limits: { readonly concurrency: number; readonly queue: number };
};

export type RetryLike = AnyPolicy & {
  readonly kind: 'retry';
  readonly budget: { tokens(nowMs: number): number } | undefined;
};

export const isCircuit = (policy: AnyPolicy): policy is Circuit => policy.kind === 'circuit-breaker';
export const isBulkhead = (policy: AnyPolicy): policy is BulkheadLike => policy.kind === 'bulkhead';
export const isRetry = (policy: AnyPolicy): policy is RetryLike => policy.kind === 'retry';

/** Whether its window says nothing of times: it is by calls. */
export const isUntimed = ({ settings }: Circuit): boolean =>
  'calls' in (settings as unknown as { readonly window: object }).window;

/** What can be listened to, whatever its type says that it emits. */
export interface Emitting {
  on(type: string, listener: (event: never) => void): void;
  off(type: string, listener: (event: never) => void): void;
}

export const emitting = (from: object): Emitting => from as Emitting;
