/**
 * The timers of a virtual clock, of which there may be a million: a heap in the order in which they are due, in which
 * each timer knows its place. To set one, to take it back and to find the next take O(log n) at most.
 */
import type { Timer } from '../core/clock.ts';

export class VirtualTimer implements Timer {
  readonly dueAt: number;
  /** Of timers due at the same time, the one set first fires first. */
  readonly order: number;
  readonly fire: () => void;
  /** Whether it keeps a process alive. */
  refed = true;
  /** Where it stands in the heap; -1 once it has fired or was cancelled. */
  place = -1;
  readonly #timers: VirtualTimers;

  constructor(dueAt: number, order: number, fire: () => void, timers: VirtualTimers) {
    this.dueAt = dueAt;
    this.order = order;
    this.fire = fire;
    this.#timers = timers;
  }

  cancel(): void {
    this.#timers.remove(this);
  }
  ref(): void {
    this.#timers.keepAlive(this, true);
  }
  unref(): void {
    this.#timers.keepAlive(this, false);
  }
}

export class VirtualTimers {
  /** How many would keep a process alive. */
  refed = 0;
  readonly #heap: VirtualTimer[] = [];
  #everSet = 0;

  /** The next to fire. */
  get first(): VirtualTimer | undefined {
    return this.#heap[0];
  }

  set(dueAt: number, fire: () => void): VirtualTimer {
    const timer = new VirtualTimer(dueAt, this.#everSet++, fire, this);
    this.refed++;
    this.#rise(timer, this.#heap.length);
    return timer;
  }

  /** Takes it out, if it is there. */
  remove(timer: VirtualTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    this.refed -= Number(timer.refed);
    const last = this.#heap.pop() as VirtualTimer;
    // The last one fills the gap, and goes from there to where it belongs: up or down.
    if (last !== timer) this.#sink(last, this.#rise(last, place));
  }

  keepAlive(timer: VirtualTimer, refed: boolean): void {
    if (timer.place >= 0) this.refed += Number(refed) - Number(timer.refed);
    timer.refed = refed;
  }

  /** Puts it at the place, or above as long as it is due before what stands there; answers where. */
  #rise(timer: VirtualTimer, from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above] as VirtualTimer;
      if (isBefore(parent, timer)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(timer, place);
    return place;
  }

  /** Puts it at the place, or below as long as what stands there is due before it. */
  #sink(timer: VirtualTimer, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (let below = 2 * place + 1; below < heap.length; below = 2 * place + 1) {
      const [left, right] = [heap[below] as VirtualTimer, heap[below + 1]];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (isBefore(timer, child)) break;
      const freed = child.place;
      this.#put(child, place);
      place = freed;
    }
    this.#put(timer, place);
  }

  #put(timer: VirtualTimer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}

const isBefore = (a: VirtualTimer, b: VirtualTimer): boolean =>
  a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
