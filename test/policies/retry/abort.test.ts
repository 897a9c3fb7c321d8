import { constant, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const boom = new Error('boom');

function sleeping() {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(1_000), retries: 3, clock });
  const controller = new AbortController();
  const { operation, attempts } = scripted(boom);
  const error = errorOf(policy.run(operation, { signal: controller.signal }));
  return { clock, policy, controller, error, attempts };
}

test('aborted while sleeping: settles at once with the reason, and calls the operation no more', async () => {
  const { clock, controller, error, attempts } = sleeping();
  await clock.advance(10);
  const reason = { why: 'gone' };
  controller.abort(reason);
  expect(await error).toBe(reason);
  expect(clock.now()).toBe(10);
  await clock.advance(10_000);
  expect(attempts).toEqual([1]);
});

test('aborted while sleeping: leaves no timer and no listener behind', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const [added, removed] = [
    vi.spyOn(controller.signal, 'addEventListener'),
    vi.spyOn(controller.signal, 'removeEventListener'),
  ];
  const policy = retry({ backoff: constant(1_000), clock });
  const error = errorOf(policy.run(scripted(boom).operation, { signal: controller.signal }));
  await clock.advance(10);
  controller.abort();
  await error;
  expect(clock.pendingTimers).toBe(0);
  expect(added).toHaveBeenCalledTimes(1);
  expect(removed).toHaveBeenCalledTimes(1);
});

test('no exhausted event tells of an abort: nothing was exhausted', async () => {
  const { clock, policy, controller, error } = sleeping();
  const exhausted = heard(policy, 'exhausted');
  await clock.advance(10);
  controller.abort();
  await error;
  await clock.runAll();
  expect(exhausted).toEqual([]);
});

test('what an operation throws after the abort is neither tried again nor announced, whatever the judge says', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const judge = () => ({ verdict: 'failure', retry: true }) as const;
  const policy = retry({ clock, judge });
  const events = [heard(policy, 'retry'), heard(policy, 'exhausted')];
  let calls = 0;
  const error = errorOf(
    policy.run(
      () => {
        calls++;
        return new Promise((_, reject) => clock.setTimer(10, () => reject(boom)));
      },
      { signal: controller.signal },
    ),
  );
  controller.abort('gone');
  expect(await error).toBe('gone');
  await clock.runAll();
  expect(calls).toBe(1);
  expect(events).toEqual([[], []]);
  expect(policy.budget?.tokens(clock.now())).toBe(10);
});

test.each([
  ['race', 2, true],
  ['cooperate', 2, true],
  ['race', 0, true],
  ['cooperate', 0, true],
  ['race', 2, false],
  ['cooperate', 2, false],
] as const)(
  'what comes after a timeout around it (%s) is neither tried again nor announced, with %i retries, judged retry: %s',
  async (mode, retries, again) => {
    const clock = new VirtualClock();
    const policy = retry({ clock, retries, judge: () => ({ verdict: 'failure', retry: again }) });
    const events = [heard(policy, 'retry'), heard(policy, 'exhausted')];
    const guarded = pipeline('p', timeout({ ms: 100, mode, clock }), policy);
    let calls = 0;
    const error = errorOf(
      guarded.run(() => {
        calls++;
        return new Promise((_, reject) => clock.setTimer(150, () => reject(boom)));
      }),
    );
    await clock.runAll();
    expect(await error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: 100 });
    expect(calls).toBe(1);
    expect(events).toEqual([[], []]);
    expect(policy.budget?.tokens(clock.now())).toBe(10);
  },
);

test('aborted before the start: the operation is never invoked', async () => {
  const { operation, attempts } = scripted('value');
  expect(await errorOf(retry().run(operation, { signal: AbortSignal.abort(boom) }))).toBe(boom);
  expect(attempts).toEqual([]);
});

test('aborted between the failure and the sleep: neither sleeps nor tries again', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const policy = retry({ backoff: constant(1_000), clock });
  policy.on('retry', () => controller.abort('in a listener'));
  const { operation, attempts } = scripted(boom);
  expect(await errorOf(policy.run(operation, { signal: controller.signal }))).toBe('in a listener');
  await clock.runAll();
  expect(clock.now()).toBe(0);
  expect(attempts).toEqual([1]);
});

test('aborted by the operation that fails: its error gives way to the reason', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  let calls = 0;
  const run = retry({ clock }).run(
    () => {
      calls++;
      controller.abort('mine');
      throw boom;
    },
    { signal: controller.signal },
  );
  expect(await errorOf(run)).toBe('mine');
  await clock.runAll();
  expect(calls).toBe(1);
});

test('a timeout around it counts the sleeps too, and ends the attempt that comes after them', async () => {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(50), retries: 3, clock });
  const guarded = pipeline('p', timeout({ ms: 100, clock }), policy);
  const startedAt: number[] = [];
  const error = errorOf(
    guarded.run(async () => {
      startedAt.push(clock.now());
      await new Promise<void>((resolve) => clock.setTimer(40, resolve));
      throw boom;
    }),
  );
  await clock.advance(100);
  expect(await error).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
  await clock.runAll();
  expect(startedAt).toEqual([0, 90]);
});

test('one abort ends the sleeps of all runs that share the signal, and of no other', async () => {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(1_000), retries: 1, budget: false, clock });
  const controller = new AbortController();
  const both = [1, 2].map(() => errorOf(policy.run(scripted(boom).operation, { signal: controller.signal })));
  const other = policy.run(scripted(boom, 'value').operation);
  await clock.advance(10);
  controller.abort('gone');
  expect(await Promise.all(both)).toEqual(['gone', 'gone']);
  await clock.advance(990);
  expect(await other).toBe('value');
});
