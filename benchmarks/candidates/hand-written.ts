/**
 * Retry, breaker, racing time-out and bulkhead, written out for one call site with no library: what the four policies
 * cost at least. It does the same job and nothing beside it: no signals, events, names, judges or retry budget, one
 * breaker and one bulkhead that nobody shares, settings that never change. And it is tuned as few people would: two
 * promises and two closures for each call, no async function, one timer for all calls.
 */
import { BREAKER, type Built, RETRIES, type Settings, type Work } from './candidate.ts';

/** A call, and its place in the list of those that wait for the timer; a retry takes another. */
class Attempt {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly number: number;
  /** Number of the breaker's state at admission: a result of an older one is stale. */
  readonly generation: number;
  readonly dueAt: number;
  timedOut = false;
  previous: Attempt | undefined = undefined;
  next: Attempt | undefined = undefined;

  constructor(settle: Settle, number: number, generation: number, dueAt: number) {
    this.resolve = settle.resolve;
    this.reject = settle.reject;
    this.number = number;
    this.generation = generation;
    this.dueAt = dueAt;
  }
}

interface Settle {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export function handWritten(work: Work, settings: Settings): Built {
  const { timeoutMs, concurrency, openMs, backoffMs } = settings;

  let inFlight = 0;

  const ring = new Uint8Array(BREAKER.calls);
  let place = 0;
  let calls = 0;
  let failures = 0;
  let state: 'closed' | 'open' | 'half-open' = 'closed';
  let generation = 0;
  let openedAt = 0;
  let probing = false;

  // In the order of entry, which is that of deadlines.
  let first: Attempt | undefined;
  let last: Attempt | undefined;
  let timer: NodeJS.Timeout | undefined;

  function change(to: typeof state): void {
    state = to;
    generation++;
    probing = false;
    if (to === 'open') openedAt = performance.now();
    if (to !== 'closed') return;
    ring.fill(0);
    place = calls = failures = 0;
  }

  function refuses(): boolean {
    if (state === 'open' && performance.now() - openedAt >= openMs) change('half-open');
    if (state === 'open' || probing) return true;
    probing = state === 'half-open';
    return false;
  }

  function record(attempt: Attempt, failed: 0 | 1): void {
    if (attempt.generation !== generation) return;
    if (state === 'half-open') return change(failed ? 'open' : 'closed');
    failures += failed - (ring[place] as number);
    ring[place] = failed;
    place = place + 1 === BREAKER.calls ? 0 : place + 1;
    if (calls < BREAKER.calls) calls++;
    if (calls >= BREAKER.minimumCalls && failures / calls >= BREAKER.failureRate) change('open');
  }

  function watch(attempt: Attempt): void {
    attempt.previous = last;
    if (last === undefined) first = attempt;
    else last.next = attempt;
    last = attempt;
    if (timer === undefined) arm(timeoutMs);
  }

  function unwatch(attempt: Attempt): void {
    const { previous, next } = attempt;
    if (previous === undefined) first = next;
    else previous.next = next;
    if (next === undefined) last = previous;
    else next.previous = previous;
  }

  // What the calls wait for keeps the process alive, a socket most of all; the timer need not.
  function arm(ms: number): void {
    timer = setTimeout(onTimer, ms);
    timer.unref();
  }

  function onTimer(): void {
    timer = undefined;
    const now = performance.now();
    while (first !== undefined && first.dueAt <= now) {
      const attempt = first;
      unwatch(attempt);
      attempt.timedOut = true;
      failed(attempt, new Error(`no answer in ${timeoutMs} ms`));
    }
    if (first !== undefined) arm(Math.max(1, first.dueAt - now));
  }

  function failed(attempt: Attempt, error: unknown): void {
    record(attempt, 1);
    if (attempt.number > RETRIES) return attempt.reject(error);
    const delayMs = Math.random() * backoffMs * 2 ** (attempt.number - 1);
    setTimeout(() => start(attempt, attempt.number + 1, error), delayMs);
  }

  function start(settle: Settle, number: number, before?: unknown): void {
    if (state !== 'closed' && refuses()) return settle.reject(before ?? new Error('the circuit is open'));
    if (inFlight === concurrency) {
      probing = false;
      return settle.reject(before ?? new Error('too many calls in flight'));
    }
    const attempt = new Attempt(settle, number, generation, performance.now() + timeoutMs);
    inFlight++;
    watch(attempt);
    // `work` is an async function: it never throws.
    work().then(
      (value) => {
        inFlight--;
        if (attempt.timedOut) return;
        unwatch(attempt);
        record(attempt, 0);
        attempt.resolve(value);
      },
      (error) => {
        inFlight--;
        if (attempt.timedOut) return;
        unwatch(attempt);
        failed(attempt, error);
      },
    );
  }

  const begin = (resolve: Settle['resolve'], reject: Settle['reject']): void => start({ resolve, reject }, 1);
  return { call: () => new Promise(begin) };
}
