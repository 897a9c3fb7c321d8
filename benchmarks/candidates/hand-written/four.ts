/**
 * Retry, breaker, racing time-out and bulkhead, written out for one call site with no library: what the four policies
 * cost at least. It does the same job and nothing beside it: no signals, events, names, judges or retry budget, one
 * breaker and one bulkhead that nobody shares, settings that never change. And it is tuned as few people would: two
 * promises and two closures for each call, no async function, one timer for all calls.
 */
import { type Built, RETRIES, type Settings, type Work } from '../candidate.ts';
import { Breaker } from './breaker.ts';
import { Attempt, Deadlines } from './deadlines.ts';

interface Settle {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export function four(work: Work, settings: Settings): Built {
  const { timeoutMs, concurrency, openMs, backoffMs } = settings;
  const breaker = new Breaker(openMs);
  const deadlines = new Deadlines<Settle>(timeoutMs, failed);
  let inFlight = 0;

  function failed(attempt: Attempt<Settle>, error: unknown): void {
    breaker.record(attempt.generation, 1);
    if (attempt.number > RETRIES) return attempt.run.reject(error);
    const delayMs = Math.random() * backoffMs * 2 ** (attempt.number - 1);
    setTimeout(() => start(attempt.run, attempt.number + 1, error), delayMs);
  }

  function start(run: Settle, number: number, before?: unknown): void {
    if (!breaker.admits()) return run.reject(before ?? new Error('the circuit is open'));
    if (inFlight === concurrency) {
      breaker.unused(breaker.generation);
      return run.reject(before ?? new Error('too many calls in flight'));
    }
    const attempt = new Attempt(run, number, breaker.generation, performance.now() + timeoutMs);
    inFlight++;
    deadlines.watch(attempt);
    // `work` is an async function: it never throws.
    work().then(
      (value) => {
        inFlight--;
        if (attempt.givenUp) return;
        deadlines.unwatch(attempt);
        breaker.record(attempt.generation, 0);
        run.resolve(value);
      },
      (error) => {
        inFlight--;
        if (attempt.givenUp) return;
        deadlines.unwatch(attempt);
        failed(attempt, error);
      },
    );
  }

  const begin = (resolve: Settle['resolve'], reject: Settle['reject']): void => start({ resolve, reject }, 1);
  return { call: () => new Promise(begin) };
}
