/**
 * Timeout: bound how long a caller waits. Run it with
 *
 *   npm run build && npx node examples/timeout.ts
 *
 * The clock is virtual, so that nothing below takes real time.
 */
import { TimeoutError, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();

/** Runs until it ends, and says when and how. */
async function show(title: string, result: Promise<unknown>): Promise<void> {
  const startMs = clock.now();
  const told = result
    .catch((error: unknown) => (error instanceof TimeoutError ? `${error.code} (${error.ms} ms)` : error))
    .then((outcome) => console.log(`${title}: ${outcome}, after ${clock.now() - startMs} ms`));
  await clock.runAll();
  await told;
}

/** Takes `ms`, and does not listen to any signal. */
const deaf = (ms: number) => new Promise<string>((resolve) => clock.setTimer(ms, () => resolve('done')));

/** Takes `ms`, and stops with what it has when it is told to. */
const polite = (ms: number, signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    clock.setTimer(ms, () => resolve('all rows'));
    signal.addEventListener('abort', () => resolve('the rows so far'), { once: true });
  });

const quick = timeout({ ms: 100, clock });
await show(
  'in time',
  quick.run(() => deaf(99)),
);
await show(
  'too late',
  quick.run(() => deaf(500)),
);

// The signal aborts at 100 ms as well; here the call then waits for what the operation makes of that.
const gentle = timeout({ ms: 100, mode: 'cooperate', clock });
await show(
  'cooperate',
  gentle.run(({ signal }) => polite(500, signal)),
);

// Whatever the policies say, this run may take 20 ms.
await show(
  'of this run',
  quick.run(() => deaf(500), { timeoutMs: 20 }),
);

// A caller who goes away is no time-out: the run rejects with the caller's own reason.
const caller = new AbortController();
clock.setTimer(30, () => caller.abort('the user closed the page'));
await show(
  'aborted',
  quick.run(() => deaf(500), { signal: caller.signal }),
);

// The operation can ask how long it has.
await quick.run(({ remainingMs }) => console.log(`${remainingMs} ms are left`));

// prints:
//   in time: done, after 99 ms
//   too late: HOLDFAST_TIMEOUT (100 ms), after 100 ms
//   cooperate: the rows so far, after 100 ms
//   of this run: HOLDFAST_TIMEOUT (20 ms), after 20 ms
//   aborted: the user closed the page, after 30 ms
//   100 ms are left
