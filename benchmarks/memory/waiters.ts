/** Very many who wait for a place and are aborted, from one end of the queue, from the other, or anywhere. */
import { setImmediate } from 'node:timers/promises';
import { bulkhead } from 'holdfast';
import { collect } from '../allocation.ts';
import { type Spread, spread } from '../measure.ts';

/** Which of so many is aborted first, second, and so on. */
export const ORDERS = {
  'from the back': (waiters: number) => ascending(waiters).reverse(),
  'from the front': (waiters: number) => ascending(waiters),
  'at random': (waiters: number) => shuffled(ascending(waiters)),
} as const satisfies Record<string, (waiters: number) => number[]>;

export type Order = keyof typeof ORDERS;

const ascending = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Fisher and Yates, with a generator that gives the same order each time. */
function shuffled(values: number[]): number[] {
  let seed = 1;
  for (let i = values.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (i + 1);
    [values[i], values[other]] = [values[other]!, values[i]!];
  }
  return values;
}

const GONE = new Error('the caller is gone');

/** Where they wait: each until its signal aborts, and then it rejects with the reason. */
interface Place {
  wait(signal: AbortSignal): Promise<unknown>;
  /** How many do. */
  readonly waiting: number;
}

const PLACES = {
  /** A queue in front of the one place that there is, which is taken. */
  holdfast(waiters: number): Place {
    const places = bulkhead({ concurrency: 1, queue: waiters, queueTimeoutMs: 3_600_000 });
    places.tryAcquire();
    return {
      wait: (signal) => places.run(() => undefined, { signal }),
      get waiting() {
        return places.queued;
      },
    };
  },
  /** No queue at all, and so what signals and promises alone cost. */
  'no queue'(): Place {
    let waiting = 0;
    const wait = (signal: AbortSignal): Promise<unknown> =>
      new Promise((_, reject) => {
        waiting++;
        const leave = (): void => {
          waiting--;
          signal.removeEventListener('abort', leave);
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave);
      });
    return {
      wait,
      get waiting() {
        return waiting;
      },
    };
  },
} as const;

export type Whose = keyof typeof PLACES;

/** Aborts them all; `around` is given what does so. */
async function abortAll<T>(
  whose: Whose,
  order: Order,
  waiters: number,
  around: (abort: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const place = PLACES[whose](waiters);
  const callers = Array.from({ length: waiters }, () => new AbortController());
  let gone = 0;
  const leave = (error: unknown): void => {
    gone += Number(error === GONE);
  };
  for (const { signal } of callers) place.wait(signal).catch(leave);
  await setImmediate();
  const sequence = ORDERS[order](waiters);
  if (place.waiting !== waiters) throw new Error(`${place.waiting} of ${waiters} wait`);
  const measured = await around(async () => {
    for (const i of sequence) callers[i]!.abort(GONE);
    await setImmediate();
  });
  if (gone !== waiters || place.waiting !== 0) throw new Error(`${gone} of ${waiters} are gone`);
  return measured;
}

const timed = (whose: Whose, order: Order, waiters: number): Promise<number> =>
  abortAll(whose, order, waiters, async (abort) => {
    collect({ type: 'major' });
    const start = performance.now();
    await abort();
    return ((performance.now() - start) * 1e6) / waiters;
  });

const FEW = 1_000;
/** Of the few: as many times to warm up, and as many to measure. */
const TIMES = 50;

/** Nanoseconds for each, once everything is compiled. */
export async function timeWaiters(whose: Whose, order: Order, waiters: number): Promise<Spread> {
  const few: number[] = [];
  for (let i = 0; i < 2 * TIMES; i++) few.push(await timed(whose, order, FEW));
  return spread(waiters === FEW ? few.slice(TIMES) : [await timed(whose, order, waiters)]);
}

/** Steps of the library for each, counted by what gives those since it was last asked. */
export async function stepsOfWaiters(
  order: Order,
  waiters: number,
  stepsTaken: () => Promise<number>,
): Promise<number> {
  return abortAll('holdfast', order, waiters, async (abort) => {
    await stepsTaken();
    await abort();
    return (await stepsTaken()) / waiters;
  });
}
