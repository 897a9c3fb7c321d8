/**
 * A call of `fetch` settles when the headers are there, and so does the run. What was promised for the call holds until
 * the body has ended too: its deadline, and the caller's signal. Most bodies have ended a moment later: while nothing but
 * a deadline that is further away could end one, it is only looked at once, when that moment is over.
 */
import { finished, isReadable } from 'node:stream';
import { unwatch, watch } from '../../core/caller-signal.ts';
import type { Clock } from '../../core/clock.ts';
import { Link } from '../../core/links.ts';
import { LaneEntry, TimerLane } from '../../structures/timer-lane.ts';
import { type BodyDeadline, whenLate } from '../http/body.ts';

/**
 * Until the body has ended, breaks off or is cancelled, `stop` aborts at the deadline or when the signal does. A body
 * that nobody can read any more is cancelled by the runtime, if it sees to that.
 */
export function guardBody(
  body: ReadableStream,
  deadline: BodyDeadline,
  signal: AbortSignal | undefined,
  stop: AbortController,
): void {
  const { clock, ms } = deadline;
  if (signal?.aborted) stop.abort(signal.reason);
  else if (signal !== undefined || ms <= MOMENT_MS) new BodyGuard(deadline, stop).start(body, signal);
  else if (ms !== Infinity) momentsOf(clock).enter(new Moment(body, deadline, stop));
}

const MOMENT_MS = 10;

const lanes = new WeakMap<Clock, TimerLane>();

/** All calls on a clock share its one timer. */
function momentsOf(clock: Clock): TimerLane {
  const lane = lanes.get(clock) ?? new TimerLane({ clock }, MOMENT_MS, { keepsAlive: false });
  lanes.set(clock, lane);
  return lane;
}

class Moment extends LaneEntry {
  readonly #body: ReadableStream;
  readonly #deadline: BodyDeadline;
  readonly #stop: AbortController;

  constructor(body: ReadableStream, deadline: BodyDeadline, stop: AbortController) {
    super();
    this.#body = body;
    this.#deadline = deadline;
    this.#stop = stop;
  }

  override onDue(): void {
    if (isReadable(this.#body as never) !== false)
      new BodyGuard(this.#deadline, this.#stop).start(this.#body);
  }
}

/** Nothing in here may lead to the response or its body: they could never be collected. */
class BodyGuard {
  readonly #deadline: BodyDeadline;
  readonly #stop: AbortController;
  #callers: Callers | undefined = undefined;
  #cancelAlarm: (() => void) | undefined = undefined;

  constructor(deadline: BodyDeadline, stop: AbortController) {
    this.#deadline = deadline;
    this.#stop = stop;
  }

  start(body: ReadableStream, signal?: AbortSignal): void {
    if (signal !== undefined) {
      this.#callers = new Callers((reason) => this.#end(reason), signal);
      watch(signal, this.#callers);
    }
    // A body that nobody reads must not keep the process alive.
    this.#cancelAlarm = whenLate(this.#deadline, (error) => this.#end(error));
    try {
      finished(body as never, () => this.#rest());
    } catch {
      this.#rest(); // no stream that this runtime knows: nothing would tell when it has ended
    }
  }

  #end(why: unknown): void {
    this.#rest();
    this.#stop.abort(why);
  }

  /** Nothing is left to be guarded. */
  #rest(): void {
    this.#cancelAlarm?.();
    if (this.#callers !== undefined) unwatch(this.#callers.signal, this.#callers);
    this.#callers = undefined;
  }
}

/** The guard's place among all that hangs on the caller's signal. */
class Callers extends Link {
  readonly signal: AbortSignal;
  readonly #stop: (reason: unknown) => void;

  constructor(stop: (reason: unknown) => void, signal: AbortSignal) {
    super();
    this.#stop = stop;
    this.signal = signal;
  }

  interrupt(): void {
    this.#stop(this.signal.reason);
  }
}
