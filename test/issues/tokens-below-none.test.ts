// A retry is granted also where rounding has left a little less than the one token that it costs; what was left of
// the budget then was a little less than nothing, and `tokens` said so.
import { retryBudget } from 'holdfast';
import { expect, test } from 'vitest';

test('a budget from which all was taken holds 0 tokens', () => {
  const budget = retryBudget({ ratio: 0.1, minPerSecond: 0, burst: 1 });
  expect(budget.take(0)).toBe(true);
  for (let i = 0; i < 10; i++) budget.deposit();
  expect(budget.tokens(0)).toBeLessThan(1);
  expect(budget.take(0)).toBe(true);
  expect(budget.tokens(0)).toBe(0);
});
