/** Which timers stand on a virtual clock. */
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';

/**
 * Counts the timers that stand on the clock, those that keep no process alive among them, beyond the one that a timeout
 * keeps for all its calls once it had the first.
 */
export function watchTimers(clock: VirtualClock): { readonly standing: number } {
  const timers = new Set<object>();
  const { setTimer } = clock;
  clock.setTimer = (ms, fn) => {
    const timer = setTimer.call(clock, ms, () => {
      timers.delete(timer);
      fn();
    });
    timers.add(timer);
    const { cancel } = timer;
    timer.cancel = () => {
      timers.delete(timer);
      cancel.call(timer);
    };
    return timer;
  };
  return {
    get standing() {
      return timers.size - 1;
    },
  };
}
