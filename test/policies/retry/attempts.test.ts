import { constant, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { errorOf, scripted } from './support.ts';

const [one, two, three] = [new Error('one'), new Error('two'), new Error('three')];
const now = { backoff: constant(0) } as const;

test('the first attempt is made at once, in the same turn', () => {
  let attempt = 0;
  void retry().run((call) => {
    attempt = call.attempt;
  });
  expect(attempt).toBe(1);
});

test('a success is not followed by another attempt', async () => {
  const { operation, attempts } = scripted('value');
  expect(await retry().run(operation)).toBe('value');
  expect(attempts).toEqual([1]);
});

test('retries counts the attempts after the first', async () => {
  const clock = new VirtualClock();
  const { operation, attempts } = scripted(one);
  const error = errorOf(retry({ ...now, retries: 3, budget: false, clock }).run(operation));
  await clock.runAll();
  expect(await error).toBe(one);
  expect(attempts).toEqual([1, 2, 3, 4]);
});

test('there are two retries by default', async () => {
  const clock = new VirtualClock();
  const { operation, attempts } = scripted(one);
  const error = errorOf(retry({ clock }).run(operation));
  await clock.runAll();
  expect(await error).toBe(one);
  expect(attempts).toEqual([1, 2, 3]);
});

test('with none, the first outcome stands', async () => {
  const { operation, attempts } = scripted(one);
  expect(await errorOf(retry({ retries: 0 }).run(operation))).toBe(one);
  expect(attempts).toEqual([1]);
});

test('ends with the first success', async () => {
  const clock = new VirtualClock();
  const { operation, attempts } = scripted(one, two, 'value', three);
  const result = retry({ ...now, retries: 9, clock }).run(operation);
  await clock.runAll();
  expect(await result).toBe('value');
  expect(attempts).toEqual([1, 2, 3]);
});

test('no attempt starts before the one before it has settled', async () => {
  const clock = new VirtualClock();
  let running = 0;
  let most = 0;
  const result = errorOf(
    retry({ ...now, retries: 3, clock }).run(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => clock.setTimer(10, resolve));
      running--;
      throw one;
    }),
  );
  await clock.runAll();
  expect(await result).toBe(one);
  expect(most).toBe(1);
});

test('a racing timeout further in settles an attempt whose work may still run', async () => {
  const clock = new VirtualClock();
  const attempts: number[] = [];
  const guarded = pipeline('p', retry({ ...now, retries: 1, clock }), timeout({ ms: 100, clock }));
  const error = errorOf(
    guarded.run(({ attempt }) => {
      attempts.push(attempt);
      return new Promise(() => {});
    }),
  );
  await clock.advance(100);
  expect(attempts).toEqual([1, 2]);
  await clock.advance(100);
  expect(await error).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
});

test('an operation that throws synchronously is tried again like any other', async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const result = retry({ ...now, clock }).run(() => {
    if (++calls < 3) throw one;
    return calls;
  });
  await clock.runAll();
  expect(await result).toBe(3);
});

test('each attempt has its number, and the call of an attempt keeps it', async () => {
  const clock = new VirtualClock();
  const calls: { readonly attempt: number }[] = [];
  const result = retry({ ...now, clock }).run((call) => {
    calls.push(call);
    if (calls.length < 3) throw one;
  });
  await clock.runAll();
  await result;
  expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
});

test('a retry within a retry numbers the attempts of its own', async () => {
  vi.spyOn(console, 'warn').mockImplementationOnce(() => {}); // the order is a mistake, and warned of
  const clock = new VirtualClock();
  const { operation, attempts } = scripted(one);
  const inner = retry({ ...now, retries: 1, budget: false, name: 'inner', clock });
  const nested = pipeline('p', retry({ ...now, retries: 2, budget: false, name: 'outer', clock }), inner);
  const error = errorOf(nested.run(operation));
  await clock.runAll();
  expect(await error).toBe(one);
  expect(attempts).toEqual([1, 2, 1, 2, 1, 2]);
  expect(nested.warnings).toHaveLength(1);
});

test('one policy serves many runs at the same time, each with attempts of its own', async () => {
  const clock = new VirtualClock();
  const shared = retry({ backoff: constant(10), retries: 2, budget: false, clock });
  const scripts = [scripted(one, 'a'), scripted('b'), scripted(two, two, 'c'), scripted(three)];
  const results = Promise.allSettled(scripts.map(({ operation }) => shared.run(operation)));
  await clock.runAll();
  expect(await results).toMatchObject([{ value: 'a' }, { value: 'b' }, { value: 'c' }, { reason: three }]);
  expect(scripts.map(({ attempts }) => attempts.length)).toEqual([2, 1, 3, 3]);
});
