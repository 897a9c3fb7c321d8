import type { CallNode } from '../../core/call.ts';
import type { Disposes } from '../../core/disposable.ts';
import type { LaneEntry } from '../../structures/timer-lane.ts';

/** A place in a bulkhead, held until it is given back. */
export interface BulkheadPermit extends Disposes {
  /** Gives the place back, the first time; so does the end of a `using` block. */
  release(): void;
}

/** Where a place comes from. */
export interface PlaceHolder {
  release(place: Place): void;
  reclaim(place: Place): void;
}

/** The place itself: it waits in the lane of those that are reclaimed once nobody waits for its work any more. */
export class Place implements BulkheadPermit, LaneEntry {
  earlier: LaneEntry = this;
  later: LaneEntry = this;
  dueAt = 0;
  /** Whose call it is. */
  readonly call: CallNode;
  state: 'held' | 'abandoned' | 'reclaimed' | 'released' = 'held';
  private readonly bulkhead: PlaceHolder;

  constructor(bulkhead: PlaceHolder, call: CallNode) {
    this.bulkhead = bulkhead;
    this.call = call;
  }

  release(): void {
    this.bulkhead.release(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  onDue(): void {
    this.bulkhead.reclaim(this);
  }
}
