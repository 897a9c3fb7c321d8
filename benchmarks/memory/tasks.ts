/**
 * What is measured in a process of its own each, so that nothing of one is left in the heap of the next. Each loads
 * what it measures only then: steps can be counted only of what is loaded after the counting has begun.
 */
import { countSteps } from '../../test/soak/steps.ts';
import type { BREAKERS } from './breakers.ts';
import type { Order, Whose } from './waiters.ts';

/** Where the library is, built or not. */
const LIBRARY = /\/(?:dist|src)\/(?!testing)/;

export const TASKS = {
  breakers: async (library: keyof typeof BREAKERS, breakers: number) =>
    (await import('./breakers.ts')).measureBreakers(library, breakers),
  making: async (breakers: number) => (await import('./making.ts')).measureMaking(breakers),
  'in flight': async (whose: 'holdfast' | 'by hand, tuned', calls: number) =>
    (await import('./in-flight.ts')).measureInFlight(whose, calls),
  waiters: async (whose: Whose, order: Order, waiters: number) =>
    (await import('./waiters.ts')).timeWaiters(whose, order, waiters),
  'steps of waiters': async (_whose: 'holdfast', order: Order, waiters: number) => {
    const stepsTaken = await countSteps(LIBRARY);
    return (await import('./waiters.ts')).stepsOfWaiters(order, waiters, stepsTaken);
  },
} as const;

export type Task = keyof typeof TASKS;
/** Of whom, and how many. */
export type ArgumentsOf<T extends Task> = Parameters<(typeof TASKS)[T]>;
export type MeasuredOf<T extends Task> = Awaited<ReturnType<(typeof TASKS)[T]>>;
