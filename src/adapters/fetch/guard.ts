/**
 * A call of `fetch` settles when the headers are there, and so does the run. What was promised for the call holds until
 * the body has ended too: its deadline, and the caller's signal. Most bodies have ended a moment later; for these a
 * deadline that is far away needs no timer of its own, only one glance, of which all calls share the timer.
 */
import { finished, isReadable } from 'node:stream';
import { unwatch, watch } from '../../core/caller-signal.ts';
import type { Clock } from '../../core/clock.ts';
import { Link } from '../../core/links.ts';
import { LaneEntry, TimerLane } from '../../structures/timer-lane.ts';
import { type BodyDeadline, whenLate } from '../http/body.ts';

/** What may end a body before its time. */
export interface Limits extends BodyDeadline {
  readonly signal: AbortSignal | undefined;
}

/** Until the body has ended, was cancelled or is collected, `stop` aborts at the deadline or when the signal does. */
export function guardBody(body: ReadableStream, limits: Limits, stop: AbortController): void {
  const { clock, ms, signal } = limits;
  if (signal?.aborted) stop.abort(signal.reason);
  else if (signal !== undefined || ms <= GLANCE_MS) BodyGuard.start(body, limits, stop);
  else if (ms !== Infinity) glancesOf(clock).enter(new Glance(body, limits, stop));
}

const GLANCE_MS = 50;

const lanes = new WeakMap<Clock, TimerLane>();

function glancesOf(clock: Clock): TimerLane {
  const lane = lanes.get(clock) ?? new TimerLane({ clock }, GLANCE_MS, { keepsAlive: false });
  lanes.set(clock, lane);
  return lane;
}

class Glance extends LaneEntry {
  readonly #body: ReadableStream;
  readonly #limits: Limits;
  readonly #stop: AbortController;

  constructor(body: ReadableStream, limits: Limits, stop: AbortController) {
    super();
    this.#body = body;
    this.#limits = limits;
    this.#stop = stop;
  }

  override onDue(): void {
    if (isReadable(this.#body as never) !== false) BodyGuard.start(this.#body, this.#limits, this.#stop);
  }
}

/** The guards of bodies that nobody can read any more. */
const collected = new FinalizationRegistry<BodyGuard>((guard) => guard.end());

/** Nothing in here may lead to the response or its body: they could never be collected. */
class BodyGuard extends Link {
  readonly #limits: Limits;
  readonly #stop: AbortController;
  #cancelAlarm: (() => void) | undefined = undefined;
  #ended = false;

  private constructor(limits: Limits, stop: AbortController) {
    super();
    this.#limits = limits;
    this.#stop = stop;
    const { signal } = limits;
    if (signal !== undefined) watch(signal, this);
    // A body that nobody reads must not keep the process alive.
    this.#cancelAlarm = whenLate(limits, (error) => this.#end(error));
  }

  static start(body: ReadableStream, limits: Limits, stop: AbortController): void {
    const guard = new BodyGuard(limits, stop);
    try {
      finished(body as never, () => guard.end());
      collected.register(body, guard, guard);
    } catch {
      guard.end(); // no stream that this runtime knows: nothing would tell when it has ended
    }
  }

  /** The caller's signal has aborted. */
  interrupt(): void {
    this.#end(this.#limits.signal!.reason);
  }

  /** Nothing is left to be guarded. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelAlarm?.();
    if (this.#limits.signal !== undefined) unwatch(this.#limits.signal, this);
    collected.unregister(this);
  }

  #end(why: unknown): void {
    this.end();
    this.#stop.abort(why);
  }
}
