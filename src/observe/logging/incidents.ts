/** What is wrong with a circuit that is not closed: since when, for what, and what it has cost so far. */
import { wallNow } from '../../core/clock.ts';
import type { CircuitBreaker } from '../../policies/circuit-breaker/circuit-breaker.ts';
import type { BreakerStateEvent, BreakerStats } from '../../policies/circuit-breaker/events.ts';
import { dateOf, errorFields } from './describe.ts';

/** From the moment at which a circuit is no longer closed until it is closed again, however often it opens meanwhile. */
interface Incident {
  readonly sinceMs: number;
  readonly since: string | undefined;
  /** What the window held then. */
  readonly stats: BreakerStats;
  /** Of the last opening. */
  reason: string | undefined;
  error: unknown;
  openings: number;
  /** Calls that it has rejected. */
  rejected: number;
}

export class Incidents {
  readonly #includeErrors: boolean;
  readonly #current = new WeakMap<CircuitBreaker, Incident>();
  readonly #told = new WeakSet<BreakerStats>();

  constructor(includeErrors: boolean) {
    this.#includeErrors = includeErrors;
  }

  /** Begins to look at a circuit, which may not be closed: it was restored from a snapshot, say. */
  watch(breaker: CircuitBreaker): void {
    if (breaker.state === 'closed' || this.#current.has(breaker)) return;
    this.#begin(breaker, breaker.clock.now() - breaker.snapshot().ageMs, breaker.stats);
  }

  /** Whether this change of state was not told before: each pipeline in which a breaker stands passes it on. */
  isNews({ stats }: BreakerStateEvent): boolean {
    const known = this.#told.has(stats);
    this.#told.add(stats);
    return !known;
  }

  /** Takes note of a change of state, and returns what can be said of it. */
  change(breaker: CircuitBreaker, event: BreakerStateEvent): object {
    const { atMs, to, reason, cause, stats, observed } = event;
    const current = this.#current.get(breaker) ?? this.#begin(breaker, atMs, stats);
    const { since, sinceMs, rejected } = current;
    switch (to) {
      case 'closed':
        this.#current.delete(breaker);
        return { since, reason, openForMs: atMs - sinceMs, rejected, observed };
      case 'isolated':
        return { since, reasons: breaker.snapshot().reasons, observed };
      case 'open':
        Object.assign(current, { reason, error: cause, openings: stats.openings });
        return { ...this.#tell(current), ...due(breaker.retryAfterMs)(), observed };
      case 'half-open':
        return { ...this.#tell(current), observed };
    }
  }

  /** Counts a rejection, and returns what tells what can be said of the circuit that rejected. */
  reject(breaker: CircuitBreaker, retryAfterMs: number | undefined): () => object {
    const current = this.#current.get(breaker);
    if (current !== undefined) current.rejected++;
    const next = due(retryAfterMs);
    return () => ({ ...(current && this.#tell(current)), ...next() });
  }

  #begin(breaker: CircuitBreaker, sinceMs: number, stats: BreakerStats): Incident {
    const since = dateOf(wallNow() - (breaker.clock.now() - sinceMs));
    const { openings } = stats;
    const begun = { sinceMs, since, stats, reason: undefined, error: undefined, openings, rejected: 0 };
    this.#current.set(breaker, begun);
    return begun;
  }

  #tell({ since, reason, stats: { calls, failures, slow }, error, openings }: Incident): object {
    const failureRate = calls > 0 ? failures / calls : undefined;
    const told = error === undefined ? {} : errorFields(error, this.#includeErrors);
    return { since, reason, failureRate, calls, failures, slow, openings, ...told };
  }
}

/** When the next probe is due: taken now, and written as a date only if it is told. */
function due(retryAfterMs: number | undefined): () => object {
  if (retryAfterMs === undefined) return () => ({});
  const wallMs = wallNow() + retryAfterMs;
  return () => ({ retryAfterMs, nextProbeAt: dateOf(wallMs) });
}
