/** A layer may answer while work of its call goes on: what stands inside is limited and stopped as before. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Call, type Layer, type Policy, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { watch } from '../support/spies.ts';

/** Answers at once; what it began is left to itself. */
const answering = (begin: (next: () => Promise<unknown>) => void): Layer => ({
  around: (next) => async (operation, call) => {
    begin(() => next(operation, call));
    return 'answered' as never;
  },
});

function setUp(begin: (next: () => Promise<unknown>, clock: VirtualClock) => void, ...inner: Policy[]) {
  const clock = new VirtualClock();
  const subject = pipeline(
    { name: 'p', clock },
    answering((next) => begin(next, clock)),
    ...inner,
  );
  const timedOut: unknown[] = [];
  subject.on('timeout', ({ policy }) => timedOut.push([policy, clock.now()]));
  const aborted: number[] = [];
  const hang = ({ signal }: Call): Promise<never> => {
    signal.addEventListener('abort', () => aborted.push(clock.now()));
    return new Promise(() => {});
  };
  return { clock, subject, timedOut, aborted, hang };
}

describe('after the answer', () => {
  test('a timeout that began before it still fires, and so does each further one', async () => {
    const settled: ReturnType<typeof watch>[] = [];
    const { clock, subject, timedOut, aborted, hang } = setUp(
      (next, clock) => {
        settled.push(watch(next()));
        clock.setTimer(40, () => settled.push(watch(next())));
      },
      timeout({ ms: 100 }),
    );
    expect(await subject.run(hang)).toBe('answered');
    await clock.advance(99);
    expect(timedOut).toEqual([]);
    await clock.advance(1);
    expect([timedOut, aborted]).toEqual([[['timeout', 100]], [100]]);
    await clock.advance(40);
    expect([timedOut.length, aborted]).toEqual([2, [100, 140]]);
    expect(settled.map(({ error }) => (error as Error).message)).toEqual(
      Array(2).fill('p: timeout of 100 ms is over'),
    );
    expect(clock.pendingTimers).toBe(0);
  });

  test('one that begins long after it fires, too', async () => {
    const late: { run?: ReturnType<typeof watch> } = {};
    const { clock, subject, timedOut, aborted, hang } = setUp(
      (next, clock) =>
        void clock.setTimer(500, () => {
          late.run = watch(next());
        }),
      timeout({ ms: 100 }),
    );
    expect(await subject.run(hang)).toBe('answered');
    await clock.advance(600);
    expect([timedOut, aborted]).toEqual([[['timeout', 600]], [600]]);
    expect(late.run?.error).toMatchObject({ policy: 'timeout' });
  });

  test('nested ones that are over at the same time are announced by the outer alone', async () => {
    const { clock, subject, timedOut, aborted, hang } = setUp(
      (next) => void next().catch(() => {}),
      timeout({ ms: 100, name: 'outer' }),
      timeout({ ms: 100, name: 'inner' }),
    );
    await subject.run(hang);
    await clock.advance(100);
    expect([timedOut, aborted]).toEqual([[['outer', 100]], [100]]);
  });

  test("what follows is the run's own doing, whoever moved the time", async () => {
    const tenant = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { clock, subject } = setUp((next) => void next().catch(() => {}), timeout({ ms: 100 }));
    await tenant.run('its own', () =>
      subject.run(({ signal }) => {
        signal.addEventListener('abort', () => seen.push(tenant.getStore()));
        return new Promise(() => {});
      }),
    );
    await tenant.run("another's", () => clock.advance(100));
    expect(seen).toEqual(['its own']);
  });
});

describe('a run that nothing could interrupt when it began', () => {
  test('is limited by a timeout that begins after a wait', async () => {
    const clock = new VirtualClock();
    const waits: Policy = {
      enter: () => new Promise((resolve) => void clock.setTimer(10, () => resolve(undefined))),
      leave: () => {},
    };
    const subject = pipeline({ name: 'p', clock }, waits, timeout({ ms: 100 }));
    const run = watch(subject.run(() => new Promise(() => {})));
    await clock.advance(109);
    expect(run.error).toBeUndefined();
    await clock.advance(1);
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
    expect(clock.pendingTimers).toBe(0);
  });
});
