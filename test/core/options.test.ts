import { expect, test } from 'vitest';
import { check } from '../../src/core/options.ts';

test.each([
  ['a number > 15', 15, 15.5],
  ['a number >= 5', 4.5, 5],
  ['a number > 0 and <= 5', 5.5, 5],
  ['an integer >= 5 (Infinity is allowed)', 5.5, Infinity],
  ['a finite number > 5', Infinity, 6],
])('%s: not %f, but %f', (rule, bad, good) => {
  expect(() => check('f', 'x', bad, rule)).toThrow(`f: x must be ${rule}, got ${bad}`);
  expect(() => check('f', 'x', good, rule)).not.toThrow();
});
