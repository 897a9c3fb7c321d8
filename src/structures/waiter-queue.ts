/**
 * First in, first out, with a bound on waiting: a waiter leaves in O(1) when its call stops or its time is up, and
 * whoever takes it out wakes it by resolving the promise which its own run awaits.
 */
import type { CallNode } from '../core/call.ts';
import { Link } from '../core/links.ts';
import { deferred } from '../core/promises.ts';
import { Leash } from '../core/scope.ts';
import { LaneEntry, type TimerLane } from './timer-lane.ts';

/** How a wait ends, unless the call stops: with what it waited for, or because its time was up. */
export const TIMED_OUT = Symbol('timed out');

export class WaiterQueue<T> {
  readonly #waiters = new Link();
  readonly #lane: TimerLane | undefined;

  /** Without a lane there is no limit to the time of waiting. */
  constructor(lane: TimerLane | undefined) {
    this.#lane = lane;
  }

  /** Waits until `admitFirst` or the time limit; rejects with the reason when the call stops. `onGone` follows each exit but admission. */
  wait(call: CallNode, onGone: () => void): Promise<T | typeof TIMED_OUT> {
    const waiter = new Waiter<T>(call, (gone) => {
      this.#remove(gone);
      onGone();
    });
    this.#waiters.push(waiter);
    this.#lane?.enter(waiter.lane);
    call.scope.add(waiter.leash);
    return waiter.promise;
  }

  /** Takes out whoever has waited longest (somebody waits), and gives it what it waited for. */
  admitFirst(make: (call: CallNode) => T): void {
    const first = this.#waiters.next as Waiter<T>;
    this.#remove(first);
    first.resolve(make(first.call));
  }

  #remove(waiter: Waiter<T>): void {
    waiter.unlink();
    waiter.leash.unlink();
    this.#lane?.leave(waiter.lane);
  }
}

class Waiter<T> extends Link {
  readonly call: CallNode;
  readonly promise: Promise<T | typeof TIMED_OUT>;
  readonly resolve: (value: T | typeof TIMED_OUT) => void;
  /** Its place in the lane of time limits. */
  readonly lane: LaneEntry;
  /** Its place among what stops together with the call. */
  readonly leash: Leash;

  constructor(call: CallNode, remove: (waiter: Waiter<T>) => void) {
    super();
    this.call = call;
    const { promise, resolve, reject } = deferred<T | typeof TIMED_OUT>();
    this.promise = promise;
    this.resolve = resolve;
    this.lane = new LaneLimit(() => {
      remove(this);
      resolve(TIMED_OUT);
    });
    this.leash = new Leash((why) => {
      remove(this);
      reject(why.error);
    });
  }
}

class LaneLimit extends LaneEntry {
  readonly onDue: () => void;
  constructor(onDue: () => void) {
    super();
    this.onDue = onDue;
  }
}
