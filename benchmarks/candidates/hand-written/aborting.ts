/** The four by hand for a call site whose caller passes a signal: one listener on it for each call, however often it is tried. */
import { type Built, RETRIES, type Settings, type Work } from '../candidate.ts';
import { Breaker } from './breaker.ts';
import { Attempt, Deadlines } from './deadlines.ts';

type Settle = (outcome: unknown) => void;

/** A call, which is its own listener. */
class Run {
  /** That goes on; undefined between two. */
  attempt: Attempt<Run> | undefined = undefined;
  /** Between two attempts. */
  delay: NodeJS.Timeout | undefined = undefined;
  private readonly signal: AbortSignal;
  private readonly onValue: Settle;
  private readonly onError: Settle;
  private readonly giveUp: (attempt: Attempt<Run>) => void;

  constructor(
    signal: AbortSignal,
    onValue: Settle,
    onError: Settle,
    giveUp: (attempt: Attempt<Run>) => void,
  ) {
    this.signal = signal;
    this.onValue = onValue;
    this.onError = onError;
    this.giveUp = giveUp;
    signal.addEventListener('abort', this);
  }

  resolve(value: unknown): void {
    this.signal.removeEventListener('abort', this);
    this.onValue(value);
  }

  reject(error: unknown): void {
    this.signal.removeEventListener('abort', this);
    this.onError(error);
  }

  /** The caller does not want it any more. */
  handleEvent(): void {
    clearTimeout(this.delay);
    if (this.attempt !== undefined) this.giveUp(this.attempt);
    this.reject(this.signal.reason);
  }
}

export function fourAborting(work: Work, settings: Settings, signal: AbortSignal | undefined): Built {
  const { timeoutMs, concurrency, openMs, backoffMs } = settings;
  const breaker = new Breaker(openMs);
  const deadlines = new Deadlines<Run>(timeoutMs, failed);
  let inFlight = 0;

  function giveUp(attempt: Attempt<Run>): void {
    attempt.givenUp = true;
    deadlines.unwatch(attempt);
    breaker.unused(attempt.generation);
  }

  function failed(attempt: Attempt<Run>, error: unknown): void {
    const { run, number } = attempt;
    run.attempt = undefined;
    breaker.record(attempt.generation, 1);
    if (number > RETRIES) return run.reject(error);
    const delayMs = Math.random() * backoffMs * 2 ** (number - 1);
    run.delay = setTimeout(() => start(run, number + 1, error), delayMs);
  }

  function start(run: Run, number: number, before?: unknown): void {
    if (!breaker.admits()) return run.reject(before ?? new Error('the circuit is open'));
    if (inFlight === concurrency) {
      breaker.unused(breaker.generation);
      return run.reject(before ?? new Error('too many calls in flight'));
    }
    const attempt = new Attempt(run, number, breaker.generation, performance.now() + timeoutMs);
    run.attempt = attempt;
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

  const aborts = signal ?? new AbortController().signal;
  const begin = (resolve: Settle, reject: Settle): void => {
    if (aborts.aborted) return reject(aborts.reason);
    start(new Run(aborts, resolve, reject, giveUp), 1);
  };
  return { call: () => new Promise(begin) };
}
