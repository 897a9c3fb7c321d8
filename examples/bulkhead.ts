/**
 * Bulkhead: bound how many calls run at once, so that one slow dependency cannot take what all share. Run it with
 *
 *   npm run build && npx node examples/bulkhead.ts
 *
 * The clock is virtual, so that nothing below takes real time.
 */
import { BulkheadFullError, bulkhead, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();
const work = (ms: number) => new Promise<string>((resolve) => clock.setTimer(ms, () => resolve('done')));

// Two run, two wait, at most 50 ms; the rest is rejected at once.
const reports = bulkhead({ name: 'reports', concurrency: 2, queue: 2, queueTimeoutMs: 50, clock });

const outcomes = [30, 100, 30, 30, 30].map((ms, index) =>
  reports
    .run(() => work(ms))
    .catch((error: unknown) => (error instanceof BulkheadFullError ? error.reason : error))
    .then((outcome) => console.log(`${clock.now()} ms: call ${index + 1}: ${outcome}`)),
);
await clock.advance(0);
console.log(`${reports.inFlight} in flight, ${reports.queued} queued`);
await clock.runAll();
await Promise.all(outcomes);

// A timeout gives up on work that does not heed its signal. Its place is held until the work has really ended.
const exports = pipeline(
  'exports',
  timeout({ ms: 10, clock }),
  bulkhead({ name: 'exporters', concurrency: 1, clock }),
);
exports.on('abandon', ({ policy, abandoned }) => console.log(`${policy}: ${abandoned} abandoned`));

const first = exports.run(() => work(60)).catch((error: Error) => console.log(error.message));
await clock.advance(10);
await first;
await exports.run(() => work(1)).catch((error: Error) => console.log(error.message));
await clock.advance(50);
const last = exports.run(() => work(1)).then(console.log);
await clock.advance(1);
await last;

// Work that is no function holds a permit, and gives it back.
const permit = reports.tryAcquire();
try {
  console.log(`a permit: ${permit !== undefined}, ${reports.inFlight} in flight`);
} finally {
  permit?.release();
}
console.log(`given back: ${reports.inFlight} in flight`);

// prints:
//   0 ms: call 5: full
//   2 in flight, 2 queued
//   30 ms: call 1: done
//   50 ms: call 4: queue-timeout
//   60 ms: call 3: done
//   100 ms: call 2: done
//   exporters: 1 abandoned
//   exports: timeout of 10 ms is over
//   exports: exporters is full
//   done
//   a permit: true, 1 in flight
//   given back: 0 in flight
