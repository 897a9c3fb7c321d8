/**
 * A runtime whose time is moved by hand, for what knows no other clock: it stands in for `performance`, `setTimeout`,
 * `clearTimeout` and `Date` on `globalThis`. Unlike fake timers that can be installed, it lets all microtasks run
 * between two timers also where both are late, as a runtime does, and has a wall clock apart from the other.
 */
import { rest } from './microtasks.ts';

class FakeTimer {
  refed = true;
  readonly dueAt: number;
  readonly fire: () => void;

  constructor(dueAt: number, fire: () => void) {
    this.dueAt = dueAt;
    this.fire = fire;
  }
  ref(): void {
    this.refed = true;
  }
  unref(): void {
    this.refed = false;
  }
}

const { Date: RealDate } = globalThis;

export class FakeRuntime {
  /** What `performance.now()` reads. */
  now = 0;
  /** What `Date.now()` reads beyond that: the time on the wall, which anybody may change. */
  wallMs = 1_700_000_000_000;
  private readonly timers = new Set<FakeTimer>();

  /** Timers that would keep the process alive. */
  get pendingTimers(): number {
    return [...this.timers].filter(({ refed }) => refed).length;
  }

  /** Runs `work` in this runtime, and gives the globals back. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { setTimeout, clearTimeout, performance } = globalThis;
    Object.assign(globalThis, this.globals());
    try {
      return await work();
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout, performance, Date: RealDate });
    }
  }

  private globals(): object {
    const wall = (): number => this.now + this.wallMs;
    return {
      performance: { now: () => this.now },
      Date: class extends RealDate {
        constructor(ms = wall()) {
          super(ms);
        }
        static override readonly now = wall;
      },
      setTimeout: (fire: () => void, ms = 0) => {
        const timer = new FakeTimer(this.now + Math.max(0, ms), fire);
        this.timers.add(timer);
        return timer;
      },
      clearTimeout: (timer: FakeTimer) => void this.timers.delete(timer),
    };
  }

  /** Lets time pass, firing each timer when it is due. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await rest();
    for (let next = this.first(until); next !== undefined; next = this.first(until)) await this.fire(next);
    this.now = until;
  }

  /** Lets time pass until no timer is left that keeps the process alive. */
  async passAll(): Promise<void> {
    await rest();
    while (this.pendingTimers > 0) await this.fire(this.first(Infinity) as FakeTimer);
  }

  /** Time jumps, as where a machine has been asleep: all that has fallen due meanwhile fires now, one after the other. */
  async jump(ms: number): Promise<void> {
    this.now += ms;
    await this.pass(0);
  }

  private first(until: number): FakeTimer | undefined {
    let first: FakeTimer | undefined;
    for (const timer of this.timers)
      if (timer.dueAt <= until && timer.dueAt < (first?.dueAt ?? Infinity)) first = timer;
    return first;
  }

  private async fire(timer: FakeTimer): Promise<void> {
    this.timers.delete(timer);
    this.now = Math.max(this.now, timer.dueAt);
    timer.fire();
    await rest();
  }
}
