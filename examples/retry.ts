/**
 * Retry: try again what may pass, after a growing delay with jitter, within a budget. Run it with
 *
 *   npm run build && npx node examples/retry.ts
 *
 * The clock is virtual, so that the waits take no real time and the jitter is the same each time.
 */
import { exponential, type Operation, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();

const stock = retry({
  retries: 3,
  backoff: exponential({ baseMs: 100, maxMs: 2_000, jitter: 'equal' }),
  budget: retryBudget({ ratio: 0.1, minPerSecond: 0, burst: 3 }),
  clock,
  random: clock.random,
});
stock.on('retry', ({ attempt, delayMs }) => {
  console.log(`attempt ${attempt} failed, the next comes in ${delayMs.toFixed()} ms`);
});
stock.on('exhausted', ({ attempt, reason }) => {
  console.log(`attempt ${attempt} was the last: ${reason}`);
});

/** Runs the operation while the clock moves, and says how it ended. */
async function show(title: string, operation: Operation<string>): Promise<void> {
  console.log(`-- ${title}`);
  const told = stock.run(operation).then(
    (value) => console.log(`value: ${value}`),
    (error) => console.log(`error: ${(error as Error).message}`),
  );
  await clock.runAll();
  await told;
}

await show('the third attempt answers', ({ attempt }) => {
  if (attempt < 3) throw new Error('connection reset');
  return '7 left';
});

await show('the dependency stays down, and the budget of 3 has one token and a tenth left', () => {
  throw new Error('connection refused');
});

await show('a bug in the code is not tried again', () => {
  throw new TypeError("Cannot read properties of undefined (reading 'id')");
});

// prints:
//   -- the third attempt answers
//   attempt 1 failed, the next comes in 81 ms
//   attempt 2 failed, the next comes in 100 ms
//   value: 7 left
//   -- the dependency stays down, and the budget of 3 has one token and a tenth left
//   attempt 1 failed, the next comes in 76 ms
//   attempt 2 was the last: budget
//   error: connection refused
//   -- a bug in the code is not tried again
//   attempt 1 was the last: judge
//   error: Cannot read properties of undefined (reading 'id')
