/**
 * Time and chance, and the only file of the library that reads either. Everything else is handed a clock and a
 * source of random numbers, which is what lets a test move time by hand.
 */
import { shared } from './shared.ts';

/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes it back: it will not fire. */
  cancel(): void;
  /** Lets the timer keep the process alive: how each timer starts. */
  ref(): void;
  /** Lets the process exit although the timer has not fired. */
  unref(): void;
}

/** A monotonic clock in milliseconds; only differences between its readings mean anything. */
export interface Clock {
  /** Milliseconds since some moment in the past that stays the same. */
  now(): number;
  /** Calls `fn` once, `ms` (0 to 2^31-1) from now. */
  setTimer(ms: number, fn: () => void): Timer;
}

/** Returns a number in [0, 1), as `Math.random` does. */
export type Random = () => number;

/** The longest time that the runtimes' timers can hold: above it they fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** What `systemClock` reads in place of the runtime, if anything: an installed virtual clock. */
export const standIn: { clock?: (Clock & { readonly startMs: number; random: Random }) | undefined } = shared(
  'clock',
  () => ({}),
);

// `setTimeout` and `performance` are looked up on `globalThis` at each use, never captured: fake timers replace them.
function setSystemTimer(ms: number, fn: () => void): Timer {
  const handle = globalThis.setTimeout(fn, ms);
  const clear = globalThis.clearTimeout; // the one that belongs to the `setTimeout` that made the handle
  return {
    cancel: () => clear(handle),
    // Where handles are plain numbers there is nothing to ref: the process then lives as long as the timer does.
    ref: () => handle.ref?.(),
    unref: () => handle.unref?.(),
  };
}

// Fake timers count from 0 when they come, and give way to the real clock again: timelines that have nothing in common.
// Each goes on from where the one before it was left, so that what lives through several does not see time jump.
const leftAt = new WeakMap<object, number>();
let timeline: object | undefined;
let reading = 0;
let lead = 0;

function systemNow(): number {
  const current = timelineOf(systemClock);
  const last = reading;
  reading = standIn.clock?.now() ?? globalThis.performance.now();
  if (current !== timeline) {
    // Whole milliseconds, since fractions would blur deadlines that are exact.
    if (timeline !== undefined) {
      lead += Math.ceil(last - (leftAt.get(current) ?? standIn.clock?.startMs ?? 0));
      leftAt.set(timeline, last);
    }
    timeline = current;
  }
  return reading + lead;
}

/** The runtime's monotonic clock and timers, or those of fake timers that stand in for them. */
export const systemClock: Clock = {
  now: systemNow,
  setTimer: (ms, fn) => standIn.clock?.setTimer(ms, fn) ?? setSystemTimer(ms, fn),
};

/** The time of day, in milliseconds since 1970: for what others say in dates. It may jump; nothing of ours is timed by it. */
export const wallNow = (): number => Date.now();

/** `Math.random`, or the seeded numbers of an installed virtual clock. */
export const systemRandom: Random = () => standIn.clock?.random() ?? Math.random();

/**
 * What really keeps a clock's time at this moment. A timer that is kept for later use must not be trusted once this
 * has changed: it was set on a timeline (the real one, or that of fake timers) which nobody moves any more.
 */
export const timelineOf = (clock: Clock): object =>
  clock === systemClock ? (standIn.clock ?? globalThis.setTimeout) : clock;

/**
 * Calls `ring` when the clock has reached `dueAt`, however far away that is, and never before: runtimes round to whole
 * milliseconds and may fire a fraction early, and a long wait is made of several timers. Returns what cancels it.
 */
export function setAlarm(clock: Clock, dueAt: number, ring: () => void, keepsAlive = true): () => void {
  let timer: Timer;
  const set = (): void => {
    const remaining = Math.max(0, dueAt - clock.now());
    timer = clock.setTimer(Math.min(remaining, MAX_TIMER_MS), () => (clock.now() < dueAt ? set() : ring()));
    if (!keepsAlive) timer.unref();
  };
  set();
  return () => timer.cancel();
}
