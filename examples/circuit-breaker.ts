/**
 * Circuit breaker: stop calling what fails, and find out by single probes whether it is well again. Run it with
 *
 *   npm run build && npx node examples/circuit-breaker.ts
 *
 * The clock is virtual: the seconds below take no real time.
 */
import { CircuitOpenError, circuitBreaker, exponential } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();
let healthy = true;

const search = circuitBreaker({
  name: 'search',
  window: { ms: 10_000 },
  failureRate: 0.5,
  minimumCalls: 4,
  // The first opening takes 1 s, the next in a row 2 s, then 4 s, at most 30 s.
  openMs: exponential({ baseMs: 1_000, maxMs: 30_000, jitter: 'none' }),
  clock,
});
search.on('state', ({ from, to, reason, atMs }) => {
  console.log(`${atMs / 1_000} s: ${from} -> ${to} (${reason})`);
});

async function query(): Promise<void> {
  const at = `${clock.now() / 1_000} s:`;
  try {
    console.log(at, await search.run(async () => (healthy ? 'found' : Promise.reject(new Error('503')))));
  } catch (error) {
    if (!(error instanceof CircuitOpenError)) console.log(at, `failed with ${(error as Error).message}`);
    else console.log(at, `rejected, ${error.state}, ${error.retryAfterMs ?? 'unknown'} ms to go`);
  }
}

await query();
await query();
healthy = false;
await query();
await query(); // 2 of 4 failed: the circuit opens
await query(); // the dependency is not called
await clock.advance(1_000);
await query(); // the probe fails, and the circuit opens again, for longer
healthy = true;
await clock.advance(2_000);
await query(); // the probe succeeds

// Work that is no function asks for a permit, and says itself how it ended.
const permit = search.tryAcquire();
permit?.success();
console.log(`${search.stats.calls} call in the window, state ${search.state}`);

// An operator takes the dependency out, whatever its calls say, and gives it back.
search.isolate('maintenance, ticket 4711');
await query();
search.release('maintenance, ticket 4711');

// prints:
//   0 s: found
//   0 s: found
//   0 s: failed with 503
//   0 s: closed -> open (failure-rate)
//   0 s: failed with 503
//   0 s: rejected, open, 1000 ms to go
//   1 s: open -> half-open (wait-over)
//   1 s: half-open -> open (failure-rate)
//   1 s: failed with 503
//   3 s: open -> half-open (wait-over)
//   3 s: half-open -> closed (probes)
//   3 s: found
//   1 call in the window, state closed
//   3 s: closed -> isolated (isolation)
//   3 s: rejected, isolated, unknown ms to go
//   3 s: isolated -> closed (isolation)
