/** What a circuit breaker tells. */
import type { EventOrigin } from '../../core/events.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { BreakerState, TripReason } from './machine.ts';

/** What the window holds. */
export interface BreakerStats {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Undefined below `minimumCalls`. */
  readonly failureRate: number | undefined;
  /** Undefined below `minimumCalls`. */
  readonly slowRate: number | undefined;
  /** How many times in a row the circuit has opened, as `openMs` counts them. */
  readonly openings: number;
}

/** Why the state changed: it tripped, the wait was over, the probes decided, or somebody said so. */
export type ChangeReason = TripReason | 'wait-over' | 'probes' | 'manual' | 'isolation';

/** The state has changed. */
export interface BreakerStateEvent extends EventOrigin {
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** When it became so, on the breaker's clock, also where that was noticed later. */
  readonly atMs: number;
  readonly reason: ChangeReason;
  /**
   * Of a circuit that was closed and tripped, since when the dependency had not seemed well: when the last tenth of the
   * window ended whose own rates were below the thresholds, on the breaker's clock. If there is none in the window, when
   * its first call ended. Undefined otherwise, and where the window is by calls.
   */
  readonly unwellSinceMs: number | undefined;
  /** The error that tripped the circuit, if it was one. */
  readonly cause: unknown;
  readonly stats: BreakerStats;
  /** With `observeOnly`: nothing is rejected. */
  readonly observed?: true;
}

/** A call was rejected. */
export interface BreakerRejectEvent extends EventOrigin {
  readonly state: Exclude<BreakerState, 'closed'>;
  /** Milliseconds until a call may be admitted; undefined unless open. */
  readonly retryAfterMs: number | undefined;
  /** With `observeOnly`: it would have been rejected. */
  readonly observed?: true;
}

/** A call ended that was admitted before the last change of state: its result changes nothing. */
export interface BreakerStaleEvent extends EventOrigin {
  readonly outcome: Outcome;
  readonly observed?: true;
}

/** The events of a circuit breaker. */
export interface BreakerEvents {
  state: BreakerStateEvent;
  reject: BreakerRejectEvent;
  stale: BreakerStaleEvent;
}
