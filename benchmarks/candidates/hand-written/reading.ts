/** The four by hand for a call site whose operation reads its signal: one for each attempt, aborted by the time-out. */
import { type Built, RETRIES, type Settings, type Work } from '../candidate.ts';
import { Breaker } from './breaker.ts';
import { Attempt, Deadlines } from './deadlines.ts';

/** A call. */
interface Run {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Of the attempt that goes on. */
  controller: AbortController;
}

export function fourReading(work: Work, settings: Settings): Built {
  const { timeoutMs, concurrency, openMs, backoffMs } = settings;
  const breaker = new Breaker(openMs);
  const deadlines = new Deadlines<Run>(timeoutMs, (attempt, error) => {
    attempt.run.controller.abort(error);
    failed(attempt, error);
  });
  let inFlight = 0;

  function failed(attempt: Attempt<Run>, error: unknown): void {
    const { run, number } = attempt;
    breaker.record(attempt.generation, 1);
    if (number > RETRIES) return run.reject(error);
    const again = (): void => {
      run.controller = new AbortController();
      start(run, number + 1, error);
    };
    setTimeout(again, Math.random() * backoffMs * 2 ** (number - 1));
  }

  function start(run: Run, number: number, before?: unknown): void {
    if (!breaker.admits()) return run.reject(before ?? new Error('the circuit is open'));
    if (inFlight === concurrency) {
      breaker.unused(breaker.generation);
      return run.reject(before ?? new Error('too many calls in flight'));
    }
    const attempt = new Attempt(run, number, breaker.generation, performance.now() + timeoutMs);
    inFlight++;
    deadlines.watch(attempt);
    // The controller is all that the operation is told, and has the signal. `work` is an async function: it never throws.
    work(run.controller).then(
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

  const begin = (resolve: Run['resolve'], reject: Run['reject']): void =>
    start({ resolve, reject, controller: new AbortController() }, 1);
  return { call: () => new Promise(begin) };
}
