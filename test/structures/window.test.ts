/** Since when a window by time has not been well. */
import { expect, test } from 'vitest';
import { Window } from '../../src/structures/window.ts';

/** One failure in each of so many tenths of ten seconds, the first at 500. */
function failing(tenths: number, span: ConstructorParameters<typeof Window>[0] = { ms: 10_000 }): Window {
  const window = new Window(span);
  for (let i = 0; i < tenths; i++) window.record(true, false, 500 + i * 1_000);
  return window;
}

const never = (): boolean => false;

test('if no tenth of it was well, it is since its first call', () => {
  expect(failing(3).unwellSince(never)).toBe(500);
});

test('what has left the window is not looked at', () => {
  expect(failing(15).unwellSince(never)).toBe(500 + 5 * 1_000);
});

test('else it is since the last tenth that was well had ended', () => {
  const window = failing(2);
  window.record(false, false, 2_500);
  window.record(true, false, 3_500);
  window.record(true, false, 6_500);
  expect(window.unwellSince(({ failures }) => failures === 0)).toBe(3_500);
});

test('the newest has not ended, and is not asked about', () => {
  const asked: number[] = [];
  failing(3).unwellSince(({ calls }) => asked.push(calls) < 0);
  expect(asked).toEqual([1, 1]);
});

test('a window by calls has no times', () => {
  expect(failing(3, { calls: 5 }).unwellSince(never)).toBeUndefined();
});
