/** Very many calls in flight at once, under one time-out. */
import { timeout } from 'holdfast';
import { SETTINGS, type Work } from '../candidates/candidate.ts';
import { timed } from '../candidates/hand-written/timed.ts';
import { heapInUse } from './heap.ts';
import { countTimers } from './timers.ts';

const TIMEOUT_MS = 3_600_000;

/** What would end the operations, as a socket holds it. */
const held: unknown[] = [];
const hang: Work = () => new Promise((resolve) => void held.push(resolve));

const CALLS = {
  'by hand, tuned': () => timed(hang, { ...SETTINGS, timeoutMs: TIMEOUT_MS }).call,
  holdfast: () => {
    const policy = timeout({ ms: TIMEOUT_MS });
    return () => policy.run(hang);
  },
} as const;

export interface InFlight {
  /** Of one, with the promise of its operation and the one that its caller has. */
  readonly bytes: number;
  readonly timers: number;
}

export async function measureInFlight(whose: keyof typeof CALLS, calls: number): Promise<InFlight> {
  const call: () => Promise<unknown> = CALLS[whose]();
  const timers = countTimers();
  const all: unknown[] = new Array(calls).fill(undefined);
  const before = await heapInUse();
  const timersBefore = timers.live;
  for (let i = 0; i < calls; i++) all[i] = call();
  const bytes = ((await heapInUse()) - before) / all.length;
  return { bytes, timers: timers.live - timersBefore };
}
