// Values that throw when they are looked at: a revoked proxy, an error whose `name` is a getter that throws.
import { circuitBreaker, constant, isRejection, Rejection, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { watch } from '../support/spies.ts';

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const biting = (): object =>
  Object.defineProperty(new Error('x'), 'name', {
    get: () => {
      throw new Error('do not look');
    },
  });

describe.each([
  ['a revoked proxy', revoked],
  ['an error whose name throws', biting],
])('%s', (_, make) => {
  test('is thrown on as it is by a retry', async () => {
    const clock = new VirtualClock();
    const error = make();
    const run = watch(retry({ retries: 1, backoff: constant(0), clock }).run(() => Promise.reject(error)));
    await clock.runAll();
    expect(run.state).toBe('rejected');
    expect(run.error === error).toBe(true);
  });

  test('is a failure to a breaker, and gives the place of a probe back', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock });
    const error = make();
    watch(breaker.run(() => Promise.reject(error)));
    await clock.advance(0);
    expect(breaker.state).toBe('open');
    await clock.advance(1_000);
    watch(breaker.run(() => Promise.reject(error)));
    await clock.advance(0);
    expect(breaker.state).toBe('open');
  });

  test('is no rejection, and asking does not throw', () => {
    expect(isRejection(make())).toBe(false);
    expect(make() instanceof Rejection).toBe(false);
  });
});
