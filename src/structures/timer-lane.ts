/**
 * Many waits of one and the same duration on one real timer. What enters later is due later, so a list in the order
 * of entry is in the order of deadlines: to enter and to leave are O(1), and only the first of the list needs a timer.
 * When the list empties the timer is left to run, unref'd, since the next call will most likely want it again.
 */
import { type Clock, MAX_TIMER_MS, type Timer, timelineOf } from '../core/clock.ts';
import { Link } from '../core/links.ts';

/** A wait in a lane. */
export abstract class LaneEntry extends Link {
  /** When it is due, on the lane's clock. */
  dueAt = 0;
  /** Called by the lane's timer, from somebody else's stack: to wake whoever waits, and nothing more. */
  abstract onDue(): void;
}

export class TimerLane {
  readonly #host: { readonly clock: Clock };
  readonly #ms: number;
  readonly #keepsAlive: boolean;
  readonly #entries = new Link();
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
    this.#entries.push(entry);
    if (this.#timer === undefined) this.#arm(this.#ms);
    else if (this.#keepsAlive && this.#entries.next === entry) this.#timer.ref();
  }

  leave(entry: LaneEntry): void {
    entry.unlink();
    if (this.#first === undefined && this.#keepsAlive) this.#timer?.unref();
  }

  /** Takes back the timer that was left to run for the next entry, unless somebody waits. */
  rest(): void {
    if (this.#first !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #first(): LaneEntry | undefined {
    const { next } = this.#entries;
    return next === this.#entries ? undefined : (next as LaneEntry);
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
    for (let { next } = this.#entries; next !== this.#entries; next = next.next)
      (next as LaneEntry).dueAt = Math.min((next as LaneEntry).dueAt, dueAt);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = this.#host.clock.now();
    let first = this.#first;
    while (first !== undefined && first.dueAt <= now) {
      first.unlink();
      first.onDue();
      first = this.#first;
    }
    if (first !== undefined) this.#arm(first.dueAt - now);
  }
}
