/**
 * Breaker and bulkhead by hand: one promise for each call besides the operation's own, and no closure, since what has
 * to be done at the end of a call is the same for all that began in one state of the breaker.
 */
import type { Built, Settings, Work } from '../candidate.ts';
import { Breaker } from './breaker.ts';

interface Endings {
  readonly generation: number;
  succeeded(value: unknown): unknown;
  failed(error: unknown): never;
}

export function pair(work: Work, { concurrency, openMs }: Settings): Built {
  const breaker = new Breaker(openMs);
  let inFlight = 0;

  const endingsOf = (generation: number): Endings => ({
    generation,
    succeeded(value) {
      inFlight--;
      breaker.record(generation, 0);
      return value;
    },
    failed(error) {
      inFlight--;
      breaker.record(generation, 1);
      throw error;
    },
  });

  let endings = endingsOf(breaker.generation);

  function call(): Promise<unknown> {
    if (!breaker.admits()) return Promise.reject(new Error('the circuit is open'));
    if (inFlight === concurrency) {
      breaker.unused(breaker.generation);
      return Promise.reject(new Error('too many calls in flight'));
    }
    if (endings.generation !== breaker.generation) endings = endingsOf(breaker.generation);
    inFlight++;
    return work().then(endings.succeeded, endings.failed);
  }

  return { call };
}
