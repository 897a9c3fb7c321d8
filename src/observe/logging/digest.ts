/**
 * Keeps lines from flooding the log. In each second every kind of event has so many lines: one for each place where it
 * happened, which says how often it did; what goes beyond that is one line more, which names no place. Some lines are
 * written at once; the others, and what repeats within the second, when it is over.
 */
import { type Clock, setAlarm, timelineOf } from '../../core/clock.ts';
import { deferred } from '../../core/promises.ts';

/** Something that happened. */
export interface Happening<Event extends string> {
  readonly event: Event;
  /** What is the same wherever it is the same thing that happens again. */
  readonly place: string;
  /** What it says is told when it is written: only of the last of those that are summed. */
  readonly fields: () => object;
  /** Whether it is written at once, the first time in a second. */
  readonly urgent?: boolean;
}

/** Writes one line about so many happenings; no happening is told where there were too many places to name. */
export type Write<Event extends string> = (
  event: Event,
  count: number,
  last: Happening<Event> | undefined,
) => void;

interface Sum<Event extends string> {
  count: number;
  last: Happening<Event> | undefined;
}

const SECOND_MS = 1_000;

export class Digest<Event extends string> {
  readonly #clock: Clock;
  readonly #maxLines: number;
  readonly #write: Write<Event>;
  #sums = new Map<Event, Map<string, Sum<Event>>>();
  #others = new Map<Event, number>();
  #wake: (() => void) | undefined = undefined;
  #cancel: (() => void) | undefined = undefined;
  /** What keeps the time of the second that goes by, if one does. */
  #timeline: object | undefined = undefined;
  #stopped = false;

  constructor(clock: Clock, maxLines: number, write: Write<Event>) {
    this.#clock = clock;
    this.#maxLines = maxLines;
    this.#write = write;
    this.#sleep();
  }

  add(happening: Happening<Event>): void {
    if (this.#stopped) return;
    const { event, place, urgent = false } = happening;
    // Fake timers came or went: nobody moves the time any more in which this second would end.
    if (this.#timeline !== undefined && this.#timeline !== timelineOf(this.#clock)) this.#sleep();
    this.#wake?.();
    const sums = this.#sums.get(event) ?? new Map<string, Sum<Event>>();
    this.#sums.set(event, sums);
    const sum = sums.get(place);
    if (sum !== undefined) {
      sum.count++;
      sum.last = happening;
    } else if (sums.size === this.#maxLines) {
      this.#others.set(event, (this.#others.get(event) ?? 0) + 1);
    } else if (urgent) {
      sums.set(place, { count: 0, last: undefined });
      this.#write(event, 1, happening);
    } else {
      sums.set(place, { count: 1, last: happening });
    }
  }

  /** Writes what is still to be written. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#flush();
  }

  /**
   * Waits for the first happening of a second, and then for the end of the second. The promise is awaited from here, not
   * from the run that something happened in: else the timer, and with it the lines about everybody's calls, would
   * belong to the async context of that one caller.
   */
  #sleep(): void {
    const { promise, resolve } = deferred<void>();
    this.#wake = resolve;
    this.#cancel?.();
    this.#timeline = undefined;
    void promise.then(() => {
      this.#wake = undefined;
      if (this.#stopped) return;
      this.#timeline = timelineOf(this.#clock);
      this.#cancel = setAlarm(this.#clock, this.#clock.now() + SECOND_MS, () => this.#over(), false);
    });
  }

  #over(): void {
    this.#sleep();
    this.#flush();
  }

  #flush(): void {
    const [sums, others] = [this.#sums, this.#others];
    // Whoever writes may cause something to happen, which belongs to the next second.
    this.#sums = new Map();
    this.#others = new Map();
    for (const [event, places] of sums) {
      for (const { count, last } of places.values()) if (count > 0) this.#write(event, count, last);
      const more = others.get(event) ?? 0;
      if (more > 0) this.#write(event, more, undefined);
    }
  }
}
