import { retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { heard, scripted } from '../policies/retry/support.ts';

test.each([
  ['first', [503], 1],
  ['second', [new Error('reset'), 503], 2],
])(
  'a value of the %s attempt that the judge calls a failure, not to be tried again, says `exhausted`',
  async (_, script, attempt) => {
    const clock = new VirtualClock();
    const policy = retry({
      clock,
      judge: ({ ok }) => (ok ? { verdict: 'failure', retry: false } : undefined),
    });
    const events = heard(policy, 'exhausted');
    const result = policy.run(scripted(...script).operation);
    await clock.runAll();
    expect(await result).toBe(503);
    expect(events).toMatchObject([{ reason: 'judge', attempt, outcome: { value: 503 } }]);
  },
);
