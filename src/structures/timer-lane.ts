/**
 * Many waits of one and the same duration on one real timer. What enters later is due later, so a list in the order
 * of entry is in the order of deadlines: to enter and to leave are O(1), and only the first of the list needs a timer.
 * When the list empties the timer is left to run, unref'd, since the next call will most likely want it again.
 */
import { type Clock, MAX_TIMER_MS, type Timer, timelineOf } from '../core/clock.ts';

/** A wait in a lane: one of a ring, in which the lane itself is where it begins and ends. */
export abstract class LaneEntry {
  earlier: LaneEntry = this;
  later: LaneEntry = this;
  /** When it is due, on the lane's clock. */
  dueAt = 0;
  /** Called by the lane's timer, from somebody else's stack: to wake whoever waits, and nothing more. */
  abstract onDue(): void;
}

/** Where the ring begins and ends. */
class Ends extends LaneEntry {
  override onDue(): void {}
}

export class TimerLane {
  readonly #host: { readonly clock: Clock };
  readonly #ms: number;
  readonly #keepsAlive: boolean;
  readonly #ends = new Ends();
  #timer: Timer | undefined = undefined;
  #timeline: unknown = undefined;

  /** With `keepsAlive` the process does not exit while anything waits in the lane. */
  constructor(host: { readonly clock: Clock }, ms: number, { keepsAlive = true } = {}) {
    this.#host = host;
    this.#ms = ms;
    this.#keepsAlive = keepsAlive;
  }

  enter(entry: LaneEntry): void {
    const { clock } = this.#host;
    entry.dueAt = clock.now() + this.#ms;
    if (this.#timeline !== timelineOf(clock)) this.#moveTo(entry.dueAt);
    const last = this.#ends.earlier;
    entry.earlier = last;
    entry.later = this.#ends;
    last.later = this.#ends.earlier = entry;
    if (this.#timer === undefined) this.#arm(this.#ms);
    else if (this.#keepsAlive && last === this.#ends) this.#timer.ref();
  }

  /** Takes it out, if it stands in here. */
  leave(entry: LaneEntry): void {
    takeOut(entry);
    if (this.#first === undefined && this.#keepsAlive) this.#timer?.unref();
  }

  /** Takes back the timer that was left to run for the next entry, unless somebody waits. */
  rest(): void {
    if (this.#first !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #first(): LaneEntry | undefined {
    const { later } = this.#ends;
    return later === this.#ends ? undefined : later;
  }

  #arm(ms: number): void {
    const { clock } = this.#host;
    this.#timeline = timelineOf(clock);
    this.#timer = clock.setTimer(Math.min(Math.max(0, ms), MAX_TIMER_MS), () => this.#onTimer());
    if (!this.#keepsAlive) this.#timer.unref();
  }

  // The timeline on which the timer was set is gone. What still waits cannot be due later than what enters now.
  #moveTo(dueAt: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let { later } = this.#ends; later !== this.#ends; later = later.later)
      later.dueAt = Math.min(later.dueAt, dueAt);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = this.#host.clock.now();
    let first = this.#first;
    while (first !== undefined && first.dueAt <= now) {
      takeOut(first);
      first.onDue();
      first = this.#first;
    }
    if (first !== undefined) this.#arm(first.dueAt - now);
  }
}

function takeOut(entry: LaneEntry): void {
  entry.earlier.later = entry.later;
  entry.later.earlier = entry.earlier;
  entry.earlier = entry.later = entry;
}
