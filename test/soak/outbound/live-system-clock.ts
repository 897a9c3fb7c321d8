import { type Clock, systemClock, type Timer } from 'holdfast';

/** The system's clock, which knows how many of its timers are alive, those included for which no process would wait. */
export class LiveSystemClock implements Clock {
  readonly #alive = new Set<Timer>();

  get live(): number {
    return this.#alive.size;
  }

  now(): number {
    return systemClock.now();
  }

  setTimer(ms: number, fn: () => void): Timer {
    const timer = systemClock.setTimer(ms, () => {
      this.#alive.delete(timer);
      fn();
    });
    this.#alive.add(timer);
    const { cancel } = timer;
    timer.cancel = () => {
      this.#alive.delete(timer);
      cancel();
    };
    return timer;
  }
}
