import type { CallNode } from '../../core/call.ts';
import type { Disposes } from '../../core/disposable.ts';
import { LaneEntry } from '../../structures/timer-lane.ts';

/** A place in a bulkhead, to be given back exactly once; what is given back a second time is not counted. */
export class BulkheadPermit extends LaneEntry implements Disposes {
  /** @internal Whose call it is. */
  readonly call: CallNode;
  /** @internal `held`, then perhaps `abandoned` (nobody waits for the work), `reclaimed`, and in the end `released`. */
  state: 'held' | 'abandoned' | 'reclaimed' | 'released' = 'held';
  readonly #bulkhead: PermitHolder;

  constructor(bulkhead: PermitHolder, call: CallNode) {
    super();
    this.#bulkhead = bulkhead;
    this.call = call;
  }

  /** Gives the place back. */
  release(): void {
    this.#bulkhead.release(this);
  }

  /** `using` gives the place back. */
  [Symbol.dispose](): void {
    this.#bulkhead.release(this);
  }

  /** @internal The work was abandoned `reclaimMs` ago. */
  override onDue(): void {
    this.#bulkhead.reclaim(this);
  }
}

/** Where a permit comes from. */
export interface PermitHolder {
  release(permit: BulkheadPermit): void;
  reclaim(permit: BulkheadPermit): void;
}
