/**
 * Very many calls that wait in one queue at once, and the three ways out of it: a place, the caller's abort, the end of
 * the time. What one call costs, from its arrival to its end, must not depend on how many there are.
 */
import { BulkheadFullError, bulkhead } from 'holdfast';
import type { Listeners } from './listeners.ts';
import { LiveClock } from './live-clock.ts';
import type { StepsTaken } from './steps.ts';

const QUEUE_TIMEOUT_MS = 60_000;
/** Calls that come in the same millisecond. */
const AT_ONCE = 1_000;

/** The queue, while all of them wait in it. */
interface Full {
  readonly clock: LiveClock;
  readonly callers: readonly AbortController[];
  /** Gives up the one place that there is. */
  free(): void;
}

interface Way {
  leave(queue: Full): Promise<void>;
  /** Whether a call's value or error is the one that it should have. */
  isRight(answer: unknown, call: number): boolean;
}

/** Aborts one after another, all of them somewhere in the middle of the queue as long as there is a middle. */
async function abortAll({ clock, callers }: Full): Promise<void> {
  const halves = [0, 1].map((odd) => [...callers.keys()].filter((call) => call % 2 === odd).reverse());
  for (const [i, call] of halves.flat().entries()) {
    callers[call]!.abort(call);
    if (i % AT_ONCE === 0) await clock.advance(1);
  }
  await clock.advance(1);
}

const WAYS = {
  // Each answers how many were served before it.
  drained: {
    leave: async ({ clock, free }) => {
      free();
      await clock.advance(1);
    },
    isRight: (answer, call) => answer === call,
  },
  aborted: { leave: abortAll, isRight: (answer, call) => answer === call },
  'timed out': {
    leave: ({ clock }) => clock.advance(QUEUE_TIMEOUT_MS),
    isRight: (answer) => answer instanceof BulkheadFullError && answer.reason === 'queue-timeout',
  },
} as const satisfies Record<string, Way>;

export type WayOut = keyof typeof WAYS;

/** What became of so many calls. */
export interface Parked {
  readonly way: WayOut;
  readonly calls: number;
  /** The most that waited at once. */
  readonly queued: number;
  /** Of the library, for each call. */
  readonly steps: number;
  /** Timers set, taken back, ref'd and unref'd, for each call. */
  readonly timerOperations: number;
  /** Calls that ended as they should. */
  readonly right: number;
  /** Operations that were invoked. */
  readonly invoked: number;
  /** Timers and listeners that are still alive, and calls that still hold a place or wait for one. */
  readonly left: number;
}

export async function park(
  way: WayOut,
  calls: number,
  listeners: Listeners,
  stepsTaken: StepsTaken,
): Promise<Parked> {
  const { leave, isRight }: Way = WAYS[way];
  const clock = new LiveClock();
  const places = bulkhead({ concurrency: 1, queue: calls, queueTimeoutMs: QUEUE_TIMEOUT_MS, clock });
  const callers = Array.from({ length: calls }, () => new AbortController());
  const permit = places.tryAcquire();
  const counts = { right: 0, invoked: 0 };
  await stepsTaken();
  for (const [call, { signal }] of callers.entries()) {
    const settle = (answer: unknown): void => {
      counts.right += Number(isRight(answer, call));
    };
    places.run(() => counts.invoked++, { signal }).then(settle, settle);
    if (call % AT_ONCE === 0) await clock.advance(1);
  }
  await clock.advance(1);
  const { queued } = places;
  await leave({ clock, callers, free: () => permit?.release() });
  const steps = (await stepsTaken()) / calls;
  const timerOperations = clock.operations / calls;
  permit?.release();
  // What is unref'd runs out by itself.
  await clock.advance(2 * QUEUE_TIMEOUT_MS);
  const left = clock.live + listeners.live + places.queued + places.inFlight;
  return { way, calls, queued, ...counts, steps, timerOperations, left };
}
