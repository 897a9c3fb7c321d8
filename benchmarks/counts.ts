/** What can be counted, and so need not be timed: readings of the clock, and listeners on the caller's signal. */
import { type Clock, circuitBreaker, systemClock, type WindowSpan } from 'holdfast';
import { type Candidate, SETTINGS } from './candidates/candidate.ts';

export interface Counts {
  /** For a call through a breaker over time, beyond one over calls. */
  readonly clockReadsMore: number;
  readonly listeners: readonly (Listeners & { readonly name: string })[];
}

/** On the caller's signal, of one run, which is tried twice. */
interface Listeners {
  readonly added: number;
  readonly left: number;
}

const CALLS = 100;

async function clockReads(window: WindowSpan): Promise<number> {
  let reads = 0;
  const now = (): number => {
    reads++;
    return systemClock.now();
  };
  const clock: Clock = { ...systemClock, now };
  const breaker = circuitBreaker({ window, clock });
  for (let i = 0; i < CALLS; i++) await breaker.run(() => i);
  return reads / CALLS;
}

/** The most of several runs. */
export async function listenersOfARun({ build }: Candidate): Promise<Listeners> {
  const { signal } = new AbortController();
  const counts = { added: 0, removed: 0 };
  for (const [method, count] of [
    ['addEventListener', 'added'],
    ['removeEventListener', 'removed'],
  ] as const) {
    const original = signal[method].bind(signal) as (...args: unknown[]) => void;
    signal[method] = (...args: unknown[]) => {
      counts[count]++;
      original(...args);
    };
  }
  let fails = false;
  const work = async (): Promise<void> => {
    fails = !fails;
    if (fails) throw new Error('the operation failed');
  };
  const built = build(work, { ...SETTINGS, backoffMs: 1 }, signal);
  let [added, left] = [0, 0];
  for (let i = 0; i < 5; i++) {
    counts.added = counts.removed = 0;
    await built.call();
    added = Math.max(added, counts.added);
    left = Math.max(left, counts.added - counts.removed);
  }
  built.close?.();
  return { added, left };
}

/** `candidates`: those that heed the caller's signal. */
export async function count(candidates: readonly Candidate[]): Promise<Counts> {
  const clockReadsMore = (await clockReads({ ms: 10_000 })) - (await clockReads({ calls: CALLS }));
  const listeners = candidates.map(async (each) => ({ name: each.name, ...(await listenersOfARun(each)) }));
  return { clockReadsMore, listeners: await Promise.all(listeners) };
}
