/**
 * Statistics: how a dependency does right now, without a metrics system. Run it with
 *
 *   npm run build && npx node examples/statistics.ts
 *
 * The clock is virtual: the seconds below take no real time.
 */
import { circuitBreaker, pipeline, timeout } from 'holdfast';
import { observe } from 'holdfast/observe';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();
const search = pipeline({ name: 'search', clock }, circuitBreaker(), timeout({ ms: 2_000 }));
const { snapshot, stop } = observe(search);

/** A hundred calls in a second, of which every tenth is slow. */
async function traffic(ms: number, slowMs: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const takes = i % 10 === 0 ? slowMs : ms;
    void search.run(() => new Promise<void>((done) => void clock.setTimer(takes, done))).catch(() => {});
    await clock.advance(10);
  }
}

function show(when: string): void {
  const { last10s } = snapshot();
  const { calls, throughput, errorRate = 0, rejections, p50Ms = 0, p99Ms = 0 } = last10s;
  if (calls === 0) return console.log(`${when}: no calls`);
  const rates = `${throughput.toFixed(1)}/s, ${(errorRate * 100).toFixed(1)}% errors, ${rejections} rejected`;
  console.log(`${when}: ${rates}, p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`);
}

show('before');
await traffic(20, 300);
show('well');
await traffic(20, 5_000); // every tenth call times out
await clock.advance(2_000);
show('slow');
for (let second = 0; second < 5; second++) await traffic(5_000, 5_000); // all do, until the circuit opens
show('down');
await clock.advance(20_000);
show('later');
stop();

// prints:
//   before: no calls
//   well: 97.0/s, 0.0% errors, 0 rejected, p50 20 ms, p99 298 ms
//   slow: 50.0/s, 5.0% errors, 0 rejected, p50 20 ms, p99 1993 ms
//   down: 69.1/s, 69.5% errors, 121 rejected, p50 298 ms, p99 1993 ms
//   later: no calls
