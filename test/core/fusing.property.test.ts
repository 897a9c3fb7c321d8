import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { byMoment, play, scenario } from './random-pipelines.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // most random orders are mistakes
  process.on('unhandledRejection', note);
});
afterAll(() => {
  vi.restoreAllMocks();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

// What a user's gate does that waits inside a timeout which cooperates has a test of its own.
const agreeable = scenario.filter(
  ({ policies }) =>
    !policies.some((policy) => policy.kind === 'timeout' && policy.mode === 'cooperate') ||
    !policies.some((policy) => policy.kind === 'gate' && policy.does.startsWith('wait')),
);

const runs = 300;

test('neighbouring gates in one frame, and each in its own, agree on outcomes, events and counts', async () => {
  await fc.assert(
    fc.asyncProperty(agreeable, async (script) => {
      expect(byMoment(await play(script, true))).toEqual(byMoment(await play(script, false)));
    }),
    { numRuns: runs },
  );
});

test('whatever happens, every run settles and every gate is left and released exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (script) => {
      const log = await play(script, false);
      const settled = log.filter((line) => / (gave|threw) /.test(line) && / call \d /.test(line));
      expect(settled.length).toBe(script.calls.length);
      for (const line of log) {
        if (line.includes('not left')) expect(line).toMatch(/ 0 not left, 0 not released$/);
        if (line.startsWith('bulkhead-')) expect(line).toMatch(/^bulkhead-\d 0 0 0$/);
        if (line.startsWith('timers')) expect(line).toBe('timers 0');
      }
    }),
    { numRuns: runs },
  );
});
