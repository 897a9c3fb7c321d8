import assert from 'node:assert/strict';
import { retryBudget } from 'holdfast';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, script } from './behaviour.ts';
import { tries } from './retry.ts';

export const retryBudgets: Behaviour[] = about('a retry budget', {
  'starts full': () => assert.equal(retryBudget({ burst: 3 }).tokens(0), 3),
  'is taken from by each retry, and ends the retrying when it is empty': async (clock) => {
    const reasons: string[] = [];
    const budget = retryBudget({ burst: 2, minPerSecond: 0 });
    const policy = tries(clock, { retries: 9, budget }).on('exhausted', ({ reason }) => reasons.push(reason));
    const dependency = script('');
    void watch(policy.run(dependency.run));
    await clock.runAll();
    assert.deepEqual([dependency.invoked, reasons], [3, ['budget']]);
  },
  'is paid into by each success': async (clock) => {
    const budget = retryBudget({ burst: 1, ratio: 0.5, minPerSecond: 0 });
    budget.take(0);
    for (const _ of 'ss') await tries(clock, { budget }).run(() => 1);
    assert.deepEqual([budget.take(0), budget.take(0)], [true, false]);
  },
  'grows with time, up to its burst': () => {
    const budget = retryBudget({ burst: 5, minPerSecond: 2 });
    for (const _ of '12345') budget.take(0);
    assert.deepEqual([budget.tokens(0), budget.tokens(1_000), budget.tokens(9_000)], [0, 2, 5]);
  },
  'may be shared': async (clock) => {
    const budget = retryBudget({ burst: 1, minPerSecond: 0 });
    const [first, second] = [script(''), script('')];
    void watch(tries(clock, { budget, name: 'a' }).run(first.run));
    void watch(tries(clock, { budget, name: 'b' }).run(second.run));
    await clock.runAll();
    assert.deepEqual([first.invoked, second.invoked], [2, 1]);
  },
  'is there by default': (clock) => assert.equal(tries(clock).budget?.tokens(0), 10),
  'is not there where it is false': async (clock) => {
    const dependency = script('');
    void watch(tries(clock, { retries: 50, budget: false }).run(dependency.run));
    await clock.runAll();
    assert.equal(dependency.invoked, 51);
  },
});
