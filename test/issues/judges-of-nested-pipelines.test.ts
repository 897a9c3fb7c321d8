// The judge of a nested pipeline spoke for policies of the outer one that stand further in.
import { circuitBreaker, pipeline, retry } from 'holdfast';
import { expect, test } from 'vitest';
import { errorOf } from '../support/spies.ts';

test("the judge of a nested pipeline does not speak for the outer one's policies within it", async () => {
  const breaker = circuitBreaker({ consecutiveFailures: 1 });
  const inner = pipeline({ name: 'inner', judge: () => 'ignore' }, retry({ retries: 0 }));
  await errorOf(pipeline('outer', inner, breaker).run(() => Promise.reject(new Error('boom'))));
  expect(breaker.state).toBe('open');
});
