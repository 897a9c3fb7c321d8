import type { Timer } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

/** A virtual clock that knows how many timers are alive, those included for which no process would wait. */
export class LiveClock extends VirtualClock {
  /** Timers that were set, and neither fired nor were taken back. */
  live = 0;
  /** How often a timer was set, taken back, ref'd or unref'd. */
  operations = 0;

  override setTimer(ms: number, fn: () => void): Timer {
    const counted = (act: () => void): void => {
      this.operations++;
      act();
    };
    let alive = true;
    const over = (): void => {
      this.live -= Number(alive);
      alive = false;
    };
    const fire = (): void => {
      over();
      fn();
    };
    this.live++;
    this.operations++;
    const timer = super.setTimer(ms, fire);
    const cancel = (): void => {
      over();
      timer.cancel();
    };
    return {
      cancel: () => counted(cancel),
      ref: () => counted(() => timer.ref()),
      unref: () => counted(() => timer.unref()),
    };
  }
}
