import type { Timer } from '../../src/core/clock.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A virtual clock that tells which timers are set: also those that a policy keeps for later are part of its state. */
export class WatchedClock extends VirtualClock {
  readonly #dueAt = new Set<{ readonly ms: number }>();

  /** In how many milliseconds each timer is due, the next first. */
  get timers(): string {
    return [...this.#dueAt]
      .map(({ ms }) => ms - this.now())
      .sort((a, b) => a - b)
      .join();
  }

  override setTimer(ms: number, fn: () => void): Timer {
    const due = { ms: this.now() + ms };
    const over = (): void => void this.#dueAt.delete(due);
    const timer = super.setTimer(ms, () => {
      over();
      fn();
    });
    this.#dueAt.add(due);
    return {
      cancel() {
        over();
        timer.cancel();
      },
      ref: () => timer.ref(),
      unref: () => timer.unref(),
    };
  }
}
