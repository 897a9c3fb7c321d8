/**
 * The places of a bulkhead, counted: no clock, no waiters, no events. Who waits stands in a queue beside it; this says
 * what may happen to them. A freed place is handed on in the same step, so that it is never seen to be free while
 * anybody waits, and no newcomer can overtake.
 */

/** How much a bulkhead holds. */
export interface BulkheadLimits {
  /** Calls at the same time. */
  readonly concurrency: number;
  /** Calls that wait. */
  readonly queue: number;
}

export class BulkheadMachine {
  inFlight = 0;
  queued = 0;
  limits: BulkheadLimits;

  constructor(limits: BulkheadLimits) {
    this.limits = limits;
  }

  /** Whether a newcomer would be admitted: a place is free, and nobody waits for it. */
  get vacant(): boolean {
    return this.inFlight < this.limits.concurrency && this.queued === 0;
  }

  /** A call comes: it has a place, waits, or is refused. */
  arrive(): 'admitted' | 'queued' | 'full' {
    if (this.vacant) {
      this.inFlight++;
      return 'admitted';
    }
    // With no place at all there is nothing to wait for.
    if (this.queued >= this.limits.queue || this.limits.concurrency === 0) return 'full';
    this.queued++;
    return 'queued';
  }

  /** A waiter goes away without a place. */
  leaveQueue(): void {
    this.queued--;
  }

  /** A call's work is over. */
  free(): void {
    this.inFlight--;
  }

  /** Moves the first waiter to a free place; false if there is no such place or nobody waits. Call it until it is. */
  admitWaiter(): boolean {
    if (this.queued === 0 || this.inFlight >= this.limits.concurrency) return false;
    this.queued--;
    this.inFlight++;
    return true;
  }
}
