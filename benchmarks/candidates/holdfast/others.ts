/** The other pipelines of a service, which have run and may run again, each of its own policies. */
import { pipeline } from 'holdfast';
import { SETTINGS } from '../candidate.ts';
import { aBreaker, aBulkhead, aRetry, aTimedBreaker, aTimeout } from './policies.ts';

const OTHERS = 50;
const CALLS = 20;

const KINDS = [aRetry, aBreaker, aTimeout, aBulkhead, aTimedBreaker] as const;

const pipelines = Array.from({ length: OTHERS }, (_, number) => {
  // Every selection of the five, but for none.
  const selection = KINDS.filter((_kind, bit) => ((number % 31) + 1) & (1 << bit));
  return pipeline(`other ${number}`, ...selection.map((kind) => kind(SETTINGS)));
});

/** Has each of them run some calls. They live as long as the process does. */
export async function callOthers(): Promise<void> {
  for (const each of pipelines) for (let i = 0; i < CALLS; i++) await each.run(async () => i);
}
