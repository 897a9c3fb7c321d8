import type { Timer } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

/** A virtual clock that remembers for how long each timer was set. */
export class CountingClock extends VirtualClock {
  readonly timersMs: number[] = [];

  override setTimer(ms: number, fn: () => void): Timer {
    this.timersMs.push(ms);
    return super.setTimer(ms, fn);
  }
}
