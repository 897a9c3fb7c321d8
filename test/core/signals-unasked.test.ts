// Who does not ask for the signal of a call does not pay for it, also where the call is stopped.
import { pipeline, type RunOptions, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { errorOf } from '../support/spies.ts';

const Controller = AbortController;
let made = 0;

/** Counts the controllers that are made from now on. */
function countControllers(): void {
  made = 0;
  vi.stubGlobal(
    'AbortController',
    class extends Controller {
      constructor() {
        super();
        made++;
      }
    },
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each<[string, Parameters<typeof timeout>[0], RunOptions]>([
  ['a timeout that gives up', { ms: 10 }, {}],
  ['a timeout that waits', { ms: 10, mode: 'cooperate' }, {}],
  ['the deadline of the run', { ms: 1_000 }, { timeoutMs: 10 }],
])('no controller is made for %s', async (_, options, runOptions) => {
  const clock = new VirtualClock();
  const line = pipeline({ name: 'line', clock }, timeout(options));
  countControllers();
  const error = errorOf(
    line.run(async () => {
      await new Promise<void>((resolve) => void clock.setTimer(20, resolve));
      throw new Error('late');
    }, runOptions),
  );
  await clock.runAll();
  expect(await error).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
  expect(made).toBe(0);
});

test("no controller is made for the caller's abort", async () => {
  const clock = new VirtualClock();
  const line = pipeline({ name: 'line', clock }, timeout({ ms: 1_000 }));
  const caller = new AbortController();
  countControllers();
  const error = errorOf(line.run(() => new Promise(() => {}), { signal: caller.signal }));
  caller.abort('left');
  expect(await error).toBe('left');
  expect(made).toBe(0);
});
