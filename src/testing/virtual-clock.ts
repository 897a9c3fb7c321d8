/** A clock that stands still until it is told to move: for tests of whatever runs on Holdfast's policies. */
import { type Clock, standIn, type Timer } from '../core/clock.ts';
import { check, type Rules, settle } from '../core/options.ts';
import { type VirtualTimer, VirtualTimers } from './virtual-timers.ts';

/** Options of `VirtualClock`. */
export interface VirtualClockOptions {
  /** What `now()` reads at first, in milliseconds. Default: 0. */
  readonly startMs?: number | undefined;
  /** Where `random()` starts: the same seed gives the same numbers. Default: 1. */
  readonly seed?: number | undefined;
}

const RULES: Rules = { startMs: ['a finite number', 0], seed: ['an integer', 1] };

/**
 * Time that moves by hand, and chance that repeats itself.
 *
 * @example
 * const clock = new VirtualClock();
 * const policy = timeout({ ms: 800, clock });
 * const result = policy.run(() => new Promise(() => {}));
 * await clock.advance(800); // the run has rejected
 */
export class VirtualClock implements Clock {
  readonly #timers = new VirtualTimers();
  /** What `now()` read at first, in milliseconds. */
  readonly startMs: number;
  #now: number;
  #state: number;

  /** @throws RangeError | TypeError - for a bad option */
  constructor(options: VirtualClockOptions = {}) {
    const { startMs, seed } = settle<{ startMs: number; seed: number }>('VirtualClock', options, RULES);
    this.startMs = this.#now = startMs;
    this.#state = seed >>> 0;
  }

  /** The time, in milliseconds. */
  now(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): Timer {
    return this.#timers.set(this.#now + Math.max(0, ms), fn);
  }

  /** The next of a seeded sequence of numbers in [0, 1) (mulberry32). It is bound, so it can be passed as `random`. */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  /** How many timers would keep a process alive. */
  get pendingTimers(): number {
    return this.#timers.refed;
  }

  /** Lets `ms` milliseconds pass: runs what falls due, in order, and whatever follows from it in between. */
  async advance(ms: number): Promise<void> {
    check('advance', 'ms', ms, 'a number >= 0');
    await drain();
    const until = this.#now + ms;
    let next = this.#timers.first;
    while (next !== undefined && next.dueAt <= until) {
      await this.#fire(next);
      next = this.#timers.first;
    }
    this.#now = until;
    await drain();
  }

  /** Lets time pass until no timer is left that would keep a process alive. */
  async runAll(): Promise<void> {
    await drain();
    while (this.pendingTimers > 0) await this.#fire(this.#timers.first as VirtualTimer);
  }

  async #fire(timer: VirtualTimer): Promise<void> {
    this.#timers.remove(timer);
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.fire();
    await drain();
  }

  /**
   * Makes a virtual clock what the default clock reads, and the default source of chance, until `uninstall`: for
   * policies that are constants of a module and have no clock of their own.
   *
   * @throws Error - if one is installed already
   */
  static install(options?: VirtualClockOptions): VirtualClock {
    if (standIn.clock !== undefined)
      throw new Error('VirtualClock: one is installed already; uninstall it first');
    const clock = new VirtualClock(options);
    standIn.clock = clock;
    return clock;
  }

  /** Gives the default clock back to the runtime. */
  static uninstall(): void {
    standIn.clock = undefined;
  }

  /** Gives the default clock back to the runtime, if it is this one that it reads. */
  uninstall(): void {
    if (standIn.clock === this) standIn.clock = undefined;
  }

  /** `using` uninstalls it. */
  [Symbol.dispose](): void {
    this.uninstall();
  }
}

// The real one, also where a test has put fake timers in its place meanwhile.
const nextMacrotask = globalThis.setImmediate;

/** Lets promises settle: all microtasks run before the next macrotask, however many follow from one another. */
export const drain = (): Promise<void> => new Promise((resolve) => void nextMacrotask(resolve));
