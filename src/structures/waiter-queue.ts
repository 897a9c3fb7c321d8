/**
 * First in, first out, with a bound on waiting: a waiter leaves in O(1) when its call stops or its time is up, and
 * whoever takes it out wakes it by resolving the promise which its own run awaits.
 */
import type { CallNode } from '../core/call.ts';
import { Link } from '../core/links.ts';
import { deferred } from '../core/promises.ts';
import { Leash, type Scope } from '../core/scope.ts';
import type { LaneEntry, TimerLane } from './timer-lane.ts';

/** How a wait ends, unless the call stops: with what it waited for, or because its time was up. */
export const TIMED_OUT = Symbol('timed out');

export class WaiterQueue<T> {
  readonly #waiters = new Link();
  readonly #lane: TimerLane | undefined;
  readonly #onGone: () => void;

  /** Without a lane there is no limit to the time of waiting. `onGone` follows each exit but admission. */
  constructor(lane: TimerLane | undefined, onGone: () => void) {
    this.#lane = lane;
    this.#onGone = onGone;
  }

  /** Waits until `admitFirst` or the time limit; rejects with the reason when the call stops. */
  wait(call: CallNode): Promise<T | typeof TIMED_OUT> {
    const waiter = new Waiter<T>(call, this);
    this.#waiters.push(waiter);
    this.#lane?.enter(waiter);
    waiter.hangOn(call.scope);
    return waiter.promise;
  }

  /** Takes out whoever has waited longest (somebody waits), and gives it what it waited for. */
  admitFirst(make: (call: CallNode) => T): void {
    const first = this.#waiters.next as Waiter<T>;
    this.#remove(first);
    first.resolve(make(first.call));
  }

  /** Takes out one who goes away. */
  leave(waiter: Waiter<T>): void {
    this.#remove(waiter);
    this.#onGone();
  }

  #remove(waiter: Waiter<T>): void {
    waiter.unlink();
    waiter.leash?.unlink();
    this.#lane?.leave(waiter);
  }
}

/** One who waits: in the queue, and in the lane of time limits. */
class Waiter<T> extends Link implements LaneEntry {
  earlier: LaneEntry = this;
  later: LaneEntry = this;
  dueAt = 0;
  readonly call: CallNode;
  readonly promise: Promise<T | typeof TIMED_OUT>;
  readonly resolve: (value: T | typeof TIMED_OUT) => void;
  /** Its place among what stops together with the call, if anything can stop that. */
  leash: Leash | undefined = undefined;
  private readonly reject: (error: unknown) => void;
  private readonly queue: WaiterQueue<T>;

  constructor(call: CallNode, queue: WaiterQueue<T>) {
    super();
    const { promise, resolve, reject } = deferred<T | typeof TIMED_OUT>();
    this.call = call;
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.queue = queue;
  }

  hangOn(scope: Scope): void {
    if (!scope.stoppable) return;
    this.leash = new Leash((why) => {
      this.queue.leave(this);
      this.reject(why.error);
    });
    scope.add(this.leash);
  }

  onDue(): void {
    this.queue.leave(this);
    this.resolve(TIMED_OUT);
  }
}
