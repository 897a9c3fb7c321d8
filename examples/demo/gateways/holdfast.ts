import { bulkhead, circuitBreaker, exponential, pipeline, retry, retryBudget, timeout } from 'holdfast';
import { alarmingErrorRate } from '../scenario.ts';
import type { Protect } from './protect.ts';

/** A pipeline for each service, with the same settings for all three: nobody knows which one will fail. */
export const holdfast: Protect = (service, call, { notice, instrument }) => {
  const breaker = circuitBreaker({
    // A service that answers every second call is worth asking, since a retry mends that. One that hardly
    // answers at all is not.
    failureRate: 0.8,
    window: { calls: 40 },
    openMs: 500,
  });

  const guard = pipeline(
    service,
    timeout({ ms: 900 }), // the whole call: what comes later is of no use to the client
    retry({
      retries: 3,
      backoff: exponential({ baseMs: 20, maxMs: 100 }),
      // Every call here may be repeated. At most one retry for each success: a service that answers half
      // its calls can be helped with that, and one that answers none is not called a second time.
      budget: retryBudget({ ratio: 1, burst: 40 }),
    }),
    breaker,
    timeout({ ms: 350 }), // each attempt: twice what the slowest takes in health
    bulkhead({ concurrency: 16, queue: 32 }), // a third of the pool, so that no service can take all of it
  );

  instrument(guard);
  breaker.on('state', ({ to }) => notice({ route: service, at: Date.now(), circuit: to }));
  watchFailureRate(
    () => breaker.stats.failureRate ?? 0,
    (failureRate) => {
      notice({ route: service, at: Date.now(), failureRate });
    },
  );

  return (clientGone) => guard.run(({ signal }) => call(signal), { signal: clientGone });
};

/** A breaker's statistics are there to be watched, and say that something is wrong before it opens. */
function watchFailureRate(read: () => number, alarm: (failureRate: number) => void): void {
  let alarmed = false;
  setInterval(() => {
    const failureRate = read();
    const alarming = failureRate >= alarmingErrorRate;
    if (alarming && !alarmed) alarm(failureRate);
    alarmed = alarming;
  }, 50);
}
