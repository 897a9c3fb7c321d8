/** The two clients of the soak, with the same limits of time: plain `fetch`, and `holdfast/fetch`. */
import {
  bulkhead,
  circuitBreaker,
  exponential,
  keyed,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { resilientFetch } from 'holdfast/fetch';
import { LiveSystemClock } from './live-system-clock.ts';

type Fetch = typeof globalThis.fetch;

export const CLIENTS = { plain, resilient } as const satisfies Record<string, (counted: Fetch) => Client>;
export type ClientName = keyof typeof CLIENTS;

export interface Client {
  readonly fetch: Fetch;
  /** Timers that are alive, whether or not a process would wait for them. */
  timers(): number;
  /** Places of bulkheads that are held or waited for. */
  places(): number;
}

/** A call and its body, and one attempt. */
const TOTAL_MS = 2_000;
const ATTEMPT_MS = 300;

/** What one would write by hand: a controller and a timer for each call. */
function plain(send: Fetch): Client {
  let timers = 0;
  const fetch: Fetch = async (input, init) => {
    const stop = new AbortController();
    const leave = (): void => stop.abort(init?.signal?.reason);
    if (init?.signal?.aborted) leave();
    init?.signal?.addEventListener('abort', leave);
    timers++;
    const late = setTimeout(() => stop.abort(new DOMException('late', 'TimeoutError')), ATTEMPT_MS);
    try {
      const response = await send(input, { ...init, signal: stop.signal });
      // What is left of the body ends by then, whoever reads it.
      setTimeout(() => stop.abort(new DOMException('late', 'TimeoutError')), TOTAL_MS).unref();
      return response;
    } finally {
      timers--;
      clearTimeout(late);
      init?.signal?.removeEventListener('abort', leave);
    }
  };
  return { fetch, timers: () => timers, places: () => 0 };
}

function resilient(send: Fetch): Client {
  const clock = new LiveSystemClock();
  const places = bulkhead({ concurrency: 50, queue: 10, queueTimeoutMs: 50 });
  const pipelines = keyed((origin) =>
    pipeline(
      { name: origin, clock },
      timeout({ ms: TOTAL_MS, name: 'total' }),
      retry({
        backoff: exponential({ baseMs: 5, maxMs: 50 }),
        budget: retryBudget({ ratio: 0.2, minPerSecond: 100, burst: 100 }),
      }),
      circuitBreaker({ window: { ms: 500 }, openMs: 20 }),
      timeout({ ms: ATTEMPT_MS, name: 'attempt' }),
      places,
    ),
  );
  return {
    fetch: resilientFetch({ pipeline: pipelines, fetch: send }),
    timers: () => clock.live,
    places: () => places.inFlight + places.queued,
  };
}
