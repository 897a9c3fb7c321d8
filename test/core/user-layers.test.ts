import {
  bulkhead,
  type Call,
  constant,
  fallback,
  type Layer,
  type Next,
  pipeline,
  retry,
  type TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, inAWord, spyGate } from '../support/spies.ts';

const boom = new Error('boom');
const layer = (around: (next: Next) => Next): Layer => ({ around });

describe("a layer of a user's own", () => {
  test('is folded once for each pipeline, not for each run', async () => {
    const around = vi.fn((next: Next) => next);
    const subject = pipeline('p', { around });
    await subject.run(() => 1);
    await subject.run(() => 2);
    expect(around).toHaveBeenCalledOnce();
  });

  test('that throws: an error, and gates outside learn unused', async () => {
    const outer = spyGate();
    const throwing = layer(() => () => {
      throw boom;
    });
    expect(await errorOf(pipeline('p', outer, throwing).run(() => 1))).toBe(boom);
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
    expect(outer.learned).toEqual(['unused']);
  });

  test('that throws after it has called: gates learn of the work, and are released when it ends', async () => {
    const [outer, inner] = [spyGate(), spyGate()];
    let end: (value: unknown) => void = () => {};
    const careless = layer((next) => (operation, call) => {
      void next(operation, call);
      throw boom;
    });
    const operation = () =>
      new Promise((resolve) => {
        end = resolve;
      });
    expect(await errorOf(pipeline('p', outer, careless, inner).run(operation))).toBe(boom);
    expect(outer.log).toEqual(['enter', 'leave']);
    expect(inner.log).toEqual(['enter']);
    end('late');
    await new Promise((resolve) => setImmediate(resolve));
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
    expect(inner.log).toEqual(['enter', 'leave', 'release']);
    expect(inner.learned.map(inAWord)).toEqual(['ok late']);
  });

  test('that throws from around: the pipeline is not made', () => {
    const bad = layer(() => {
      throw boom;
    });
    expect(() => pipeline('p', bad)).toThrow(boom);
  });

  test('that gives a plain value in place of a promise', async () => {
    const plain = layer(() => (() => 'plain') as unknown as Next);
    const gate = spyGate();
    await expect(pipeline('p', gate, plain).run(() => 1)).resolves.toBe('plain');
    expect(gate.learned).toEqual(['unused']);
  });

  test('that passes on something else than the call it was given is told so, and costs no permit', async () => {
    const places = bulkhead({ concurrency: 1 });
    for (const passed of [undefined, {}]) {
      const lost = layer((next) => (operation) => next(operation, passed as unknown as Call));
      for (const [policy, name] of [
        [lost, 'layer'],
        [{ ...lost, name: 'mine' }, 'mine'],
      ] as const) {
        const error = await errorOf(pipeline('p', places, policy, spyGate()).run(() => 1));
        expect(error).toBeInstanceOf(TypeError);
        const { message } = error as Error;
        expect(message).toContain(`${name}: call must be the call that the layer was given`);
      }
    }
    expect(places.inFlight).toBe(0);
  });

  test('may call again: each call enters the gates within anew', async () => {
    const [outer, inner] = [spyGate(), spyGate()];
    const again = layer((next) => async (operation, call) => {
      await next(operation, call).catch(() => {});
      return next(operation, call);
    });
    let n = 0;
    const run = pipeline('p', outer, again, inner).run(() => (++n === 1 ? Promise.reject(boom) : 'v'));
    await expect(run).resolves.toBe('v');
    expect(inner.learned.map(inAWord)).toEqual(['Error', 'ok v']);
    expect(outer.learned.map(inAWord)).toEqual(['ok v']);
  });

  test('may call twice at once: the first answer is given, and the gate outside waits for both ends', async () => {
    const outer = spyGate();
    const hedge = layer(
      (next) => (operation, call) => Promise.race([next(operation, call), next(operation, call)]),
    );
    const ends: ((value: string) => void)[] = [];
    const run = pipeline('p', outer, hedge).run(
      () => new Promise<string>((resolve) => void ends.push(resolve)),
    );
    ends[1]?.('second');
    await expect(run).resolves.toBe('second');
    expect(outer.log).toEqual(['enter', 'leave']);
    ends[0]?.('first');
    await new Promise((resolve) => setImmediate(resolve));
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
  });

  test('may wrap the operation', async () => {
    const doubling = layer(
      (next) => (operation, call) => next(async (c) => (((await operation(c)) as number) * 2) as never, call),
    );
    await expect(pipeline('p', doubling, retry()).run(() => 21)).resolves.toBe(42);
  });

  test('is named in the pipeline by its label', () => {
    const named: Layer = { name: 'cache', around: (next) => next };
    expect(() => pipeline('p', named, { ...named })).toThrow(
      'name must be different for each policy, got "cache"',
    );
    expect(() =>
      pipeline(
        'p',
        layer((next) => next),
        layer((next) => next),
      ),
    ).not.toThrow();
  });
});

describe('a layer of the library in the hands of another', () => {
  const held = (inner: Layer): Layer => ({ around: (next) => inner.around(next) });

  test('retries', async () => {
    const subject = pipeline('p', held(retry({ retries: 1, backoff: constant(0) })));
    expect(await subject.run(({ attempt }) => (attempt === 1 ? Promise.reject(boom) : 'up'))).toBe('up');
  });

  test('answers', async () => {
    expect(await pipeline('p', held(fallback('plan b'))).run(() => Promise.reject(boom))).toBe('plan b');
  });

  test('gives up', async () => {
    const clock = new VirtualClock();
    const run = errorOf(pipeline('p', held(timeout({ ms: 100, clock }))).run(() => new Promise(() => {})));
    await clock.advance(100);
    expect(((await run) as TimeoutError).ms).toBe(100);
  });
});

test('a clock that fails while a call ends is how the call ends', async () => {
  const fails = {
    cancel() {},
    ref() {},
    unref() {
      throw boom;
    },
  };
  const clock = { now: () => 0, setTimer: () => fails };
  expect(await errorOf(timeout({ ms: 100, clock }).run(async () => 1))).toBe(boom);
});
