/** Many things that happen almost at once, in an order that fast-check's scheduler chooses. */
import fc from 'fast-check';
import { eachMicrotask, rest } from './microtasks.ts';

export interface Race {
  /** How many microtasks pass before each thing; 0 for none, over and over. */
  readonly pace: readonly number[];
  /** Chooses what comes next. */
  readonly order: fc.Scheduler;
}

/** The arbitraries of what all races have. */
export const raced = {
  pace: fc.array(fc.constantFrom(0, 1, 2, 3, 5), { minLength: 1, maxLength: 4, size: 'max' }),
  order: fc.scheduler(),
} as const;

/** A thing that is to happen, or how many milliseconds are to pass. */
export type Task = readonly [label: string, what: number | (() => void)];

/** Long enough for the longest chain of promises that one thing sets off. */
const SETTLED = 24;

/**
 * All tasks are scheduled before the first happens, so that a printed order names every one of them, and still fits
 * once what it has shown is mended.
 */
export async function race(
  { pace, order }: Race,
  tasks: readonly Task[],
  { elapse, look }: { elapse(ms: number): Promise<void>; look(): void },
): Promise<void> {
  const faults: unknown[] = [];
  let passMs = 0;
  for (const [label, what] of tasks) {
    order
      .schedule(Promise.resolve(), label)
      .then(() => {
        if (typeof what === 'number') passMs += what;
        else what();
      })
      .catch((fault: unknown) => faults.push(fault));
  }
  const lookOn = (): void => {
    if (faults.length > 0) throw faults[0];
    look();
  };
  for (let i = 0; order.count() > 0; i++) {
    await eachMicrotask(pace[i % pace.length] ?? 0, lookOn);
    void order.waitOne();
    if (passMs > 0) await elapse(passMs);
    passMs = 0;
  }
  await eachMicrotask(SETTLED, lookOn);
  if (passMs > 0) await elapse(passMs);
  await rest();
  lookOn();
}
