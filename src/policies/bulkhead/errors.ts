import { brandError, type HoldfastErrorInit, Rejection } from '../../core/errors.ts';

/** What a full bulkhead says of itself. */
export interface BulkheadFullInit extends HoldfastErrorInit {
  readonly reason: 'full' | 'queue-timeout';
  readonly inFlight: number;
  readonly queued: number;
  readonly concurrency: number;
  readonly queue: number;
}

/** The bulkhead had no place, and none in its queue, or the wait in the queue took too long: the operation did not run. */
export class BulkheadFullError extends Rejection {
  /** Which limit it was: places and queue were full, or `queueTimeoutMs` was over. */
  readonly reason: 'full' | 'queue-timeout';
  /** Calls that held a place. */
  readonly inFlight: number;
  /** Calls that waited. */
  readonly queued: number;
  /** The limit of places. */
  readonly concurrency: number;
  /** The limit of the queue. */
  readonly queue: number;

  constructor(message: string, init: BulkheadFullInit) {
    super(message, init, 'HOLDFAST_BULKHEAD_FULL');
    this.reason = init.reason;
    this.inFlight = init.inFlight;
    this.queued = init.queued;
    this.concurrency = init.concurrency;
    this.queue = init.queue;
  }
}

brandError(BulkheadFullError, 'BulkheadFullError');
