import { expect, test } from 'vitest';
import { retryAfterMs } from '../../../src/adapters/http/retry-after.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

test.each([
  ['0', 0],
  ['1', 1_000],
  ['120', 120_000],
  [' 120 ', 120_000],
  ['1.5', 1_500],
  ['0.0001', 1],
  ['60, 120', 120_000],
  ['120,60', 120_000],
  ['9'.repeat(400), Infinity],
])('reads %j as %d ms', (text, ms) => {
  expect(retryAfterMs(text, undefined)).toBe(ms);
});

test.each([
  ['Sun, 06 Nov 1994 08:49:47 GMT', 'the preferred format'],
  ['Sunday, 06-Nov-94 08:49:47 GMT', 'the format of RFC 850'],
  ['Sun Nov  6 08:49:47 1994', "C's asctime()"],
])('reads %j, %s, against the Date of the server', (text) => {
  expect(retryAfterMs(text, DATE)).toBe(10_000);
});

test('a date that is past is a hint of 0', () => {
  expect(retryAfterMs('Sun, 06 Nov 1994 08:49:30 GMT', DATE)).toBe(0);
});

test('without a readable Date the date is compared with the time of day here', () => {
  const soon = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000).toUTCString();
  for (const date of [undefined, null, '', 'yesterday']) {
    expect(retryAfterMs(soon, date)).toBeGreaterThan(59_000);
    expect(retryAfterMs(soon, date)).toBeLessThanOrEqual(61_000);
  }
});

test.each([
  undefined,
  null,
  '',
  'soon',
  '-5',
  '1e3',
  '0x10',
  '12 seconds',
  'Sun, 99 Nov 1994',
  'NaN',
  'Infinity',
])('there is no hint in %j', (text) => {
  expect(retryAfterMs(text, DATE)).toBeUndefined();
});
