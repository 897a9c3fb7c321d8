/**
 * What docs/migrating-from-cockatiel.md says of cockatiel's behaviour beside ours, where neither its own blocks, nor
 * the steps, nor test/field have shown it.
 */

import * as theirs from 'cockatiel';
import * as ours from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ending, fail, hang, ignoringErrors, watch } from '../field/support.ts';

let clock: VirtualClock;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  clock = new VirtualClock();
});
afterEach(() => vi.useRealTimers());

const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await clock.advance(ms);
};
const HOUR = 3_600_000;
const aBreaker = (failures: number, halfOpenAfter: theirs.ICircuitBreakerOptions['halfOpenAfter'] = 5_000) =>
  theirs.circuitBreaker(theirs.handleAll, {
    breaker: new theirs.ConsecutiveBreaker(failures),
    halfOpenAfter,
  });

describe('a retry meets a refusal', () => {
  test('of a full bulkhead: theirs sleeps and tries again, ours stops', async () => {
    const places = theirs.bulkhead(1);
    watch(places.execute(hang));
    const again = theirs.retry(theirs.handleAll, {
      maxAttempts: 3,
      backoff: new theirs.ConstantBackoff(100),
    });
    const refused = watch(theirs.wrap(again, places).execute(() => 'never'));
    await pass(299);
    expect(refused.status).toBe('pending');
    await pass(1);
    expect(refused.status).toBe('rejected');

    const ourPlaces = ours.bulkhead({ concurrency: 1, clock });
    watch(ourPlaces.run(hang));
    const ourAgain = ours.retry({ retries: 3, backoff: ours.constant(100), clock });
    const ourRefused = watch(ours.pipeline('one', ourAgain, ourPlaces).run(() => 'never'));
    await pass(0);
    expect(ourRefused.status).toBe('rejected');
  });

  test('after an attempt that failed: theirs throws the refusal, ours the error of the attempt', async () => {
    const again = theirs.retry(theirs.handleAll, { maxAttempts: 3 });
    const run = watch(theirs.wrap(again, aBreaker(2)).execute(fail));
    const ourAgain = ours.retry({ retries: 3, backoff: ours.constant(0), clock });
    const breaker = ours.circuitBreaker({ consecutiveFailures: 2, clock });
    const ourRun = watch(ours.pipeline('two', ourAgain, breaker).run(fail));
    await pass(1_000);
    expect(run.error).toBeInstanceOf(theirs.BrokenCircuitError);
    expect(ourRun.error).toMatchObject({ name: 'DependencyDown' });
  });

  test('or everything fails: 20 calls send 60 requests there, and 30 here', async () => {
    let requests = 0;
    const down = () => {
      requests++;
      return fail();
    };
    const again = theirs.retry(theirs.handleAll, { maxAttempts: 2 });
    for (let call = 0; call < 20; call++) watch(again.execute(down));
    await pass(100);
    expect(requests).toBe(60);
    requests = 0;
    const ourAgain = ours.retry({ retries: 2, backoff: ours.constant(0), clock });
    for (let call = 0; call < 20; call++) watch(ourAgain.run(down));
    await pass(100);
    expect(requests).toBe(30);
  });
});

test('a TypeError: theirs retries, counts and answers it, ours does none of that', async () => {
  let calls = 0;
  const bug = () => {
    calls++;
    throw new TypeError('undefined is not a function');
  };
  const breaker = aBreaker(2);
  const again = theirs.retry(theirs.handleAll, { maxAttempts: 1 });
  const run = watch(theirs.wrap(theirs.fallback(theirs.handleAll, 'stale'), again, breaker).execute(bug));
  await pass(100);
  expect({ calls, state: breaker.state, value: run.value }).toEqual({
    calls: 2,
    state: theirs.CircuitState.Open,
    value: 'stale',
  });

  calls = 0;
  const ourBreaker = ours.circuitBreaker({ consecutiveFailures: 2, clock });
  const ourAgain = ours.retry({ retries: 1, clock });
  const ourRun = watch(ours.pipeline('bug', ours.fallback('stale'), ourAgain, ourBreaker).run(bug));
  await pass(100);
  expect({ calls, counted: ourBreaker.stats.calls, status: ourRun.status }).toEqual({
    calls: 1,
    counted: 0,
    status: 'rejected',
  });

  calls = 0;
  const judge: ours.Judge = ({ ok }) => (ok ? undefined : 'failure'); // handleAll
  const all = ours.pipeline(
    { name: 'all', judge, clock },
    ours.fallback('stale'),
    ours.retry({ retries: 1 }),
  );
  const answered = watch(all.run(bug));
  await pass(1_000);
  expect({ calls, value: answered.value }).toEqual({ calls: 2, value: 'stale' });
});

test('the caller has aborted before: theirs call the function, a bulkhead apart; ours never do', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  const policies = [
    theirs.retry(theirs.handleAll, {}),
    aBreaker(2),
    theirs.timeout(100, theirs.TimeoutStrategy.Cooperative),
    theirs.timeout(100, theirs.TimeoutStrategy.Aggressive),
    theirs.fallback(theirs.handleAll, 'stale'),
    theirs.bulkhead(1),
  ] as const;
  const called: string[] = [];
  for (const policy of policies) {
    await ending(policy.execute(() => void called.push(policy.constructor.name), signal));
  }
  expect(called).toEqual([
    'RetryPolicy',
    'CircuitBreakerPolicy',
    'TimeoutPolicy',
    'TimeoutPolicy',
    'FallbackPolicy',
  ]);

  const operation = vi.fn();
  for (const policy of [
    ours.retry(),
    ours.circuitBreaker(),
    ours.timeout({ ms: 100 }),
    ours.timeout({ ms: 100, mode: 'cooperate' }),
    ours.fallback('stale'),
    ours.bulkhead(),
  ]) {
    expect((await ending(policy.run(operation, { signal }))).error).toBe(signal.reason);
  }
  expect(operation).not.toHaveBeenCalled();
});

test('a call waits for a place: theirs without an end, ours for a second', async () => {
  const places = theirs.bulkhead(1, 1);
  watch(places.execute(hang));
  const waiting = watch(places.execute(hang));
  const ourPlaces = ours.bulkhead({ concurrency: 1, queue: 1, clock });
  watch(ourPlaces.run(hang));
  const ourWaiting = watch(ourPlaces.run(hang));
  await pass(1_000);
  expect(ourWaiting.error).toMatchObject({ reason: 'queue-timeout' });
  await pass(HOUR);
  expect(waiting.status).toBe('pending');
});

test('a cooperative timeout is over, and the operation throws: theirs lets its error through', async () => {
  const own = new Error('stopped halfway');
  const operation = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(own)));
  const run = watch(theirs.timeout(100, theirs.TimeoutStrategy.Cooperative).execute(operation));
  const ourRun = watch(ours.timeout({ ms: 100, mode: 'cooperate', clock }).run(operation));
  await pass(100);
  expect(run.error).toBe(own);
  expect(ourRun.error).toMatchObject({ name: 'TimeoutError', cause: own });
});

test('a circuit closes and trips again: theirs waits as at first, ours longer', async () => {
  const breaker = aBreaker(1, new theirs.IterableBackoff([1_000, 4_000]));
  const openMs: ours.Backoff = (openings) => (openings === 1 ? 1_000 : 4_000);
  const ourBreaker = ours.circuitBreaker({ consecutiveFailures: 1, openMs, clock });
  await ignoringErrors(breaker.execute(fail));
  await ignoringErrors(ourBreaker.run(fail));
  await pass(1_000);
  await breaker.execute(() => 'a good probe');
  await ourBreaker.run(() => 'a good probe');
  await ignoringErrors(breaker.execute(fail));
  await ignoringErrors(ourBreaker.run(fail));
  await pass(1_000);
  expect((await ending(breaker.execute(() => 'fine'))).status).toBe('resolved');
  expect(ourBreaker.state).toBe('open');
  await pass(3_000);
  expect(ourBreaker.state).toBe('half-open');
});

test('an option is misspelt: theirs does not look at it, ours throws', async () => {
  const misspelt: object = { maxAtempts: 1, retires: 1 };
  let calls = 0;
  const run = watch(
    theirs.retry(theirs.handleAll, misspelt).execute(() => (++calls < 9 ? fail() : 'at last')),
  );
  await pass(100);
  expect(run).toMatchObject({ status: 'resolved' });
  expect(() => ours.retry(misspelt)).toThrow(/maxAtempts/);
});
