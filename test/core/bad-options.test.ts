import {
  bulkhead,
  circuitBreaker,
  constant,
  exponential,
  fallback,
  linear,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf } from '../support/spies.ts';
import { ROWS, type Row, RUN_ROWS } from './bad-options.rows.ts';

const thrownBy = (make: () => unknown): unknown => {
  try {
    return make();
  } catch (error) {
    return error;
  }
};

function expectToName(error: unknown, [, , Kind, option, value, allowed]: Row): void {
  expect(error).toBeInstanceOf(Kind);
  const { message } = error as Error;
  expect(message).toMatch(/unknown option|must be/);
  expect(message).toContain(message.includes('unknown option') ? `option "${option}"` : `${option} must be`);
  expect(message.slice(message.indexOf('got ') + 4)).toMatch(value);
  expect(message).toMatch(allowed);
}

const titled = (rows: readonly Row[]) =>
  rows.map((row, i) => [`${i + 1}: ${row[3]} ${row[4]}, allowed ${row[5]}`, row] as const);

describe('a bad option throws an error that names the option, the value and what is allowed', () => {
  test.each(titled(ROWS))('%s', (_, row) => {
    const [make, options] = row;
    expectToName(
      thrownBy(() => make(options as never)),
      row,
    );
  });

  test('there are more than 80 of them', () => {
    expect(ROWS.length + RUN_ROWS.length).toBeGreaterThan(80);
  });
});

describe('the error begins with the name of the function that was called', () => {
  const bad = { wrong: 1 } as never;
  test.each([
    ['retry', () => retry(bad)],
    ['retryBudget', () => retryBudget(bad)],
    ['circuitBreaker', () => circuitBreaker(bad)],
    ['bulkhead', () => bulkhead(bad)],
    ['resize', () => bulkhead().resize(bad)],
    ['timeout', () => timeout(bad)],
    ['fallback', () => fallback(1, bad)],
    ['pipeline', () => pipeline(bad)],
    ['pipeline', () => pipeline('p', {} as never)],
    ['pipeline', () => pipeline('p', retry({ clock: new VirtualClock() }), timeout({ ms: 1 }))],
    ['exponential', () => exponential(bad)],
    ['exponential', () => exponential({ baseMs: 2, maxMs: 1 })],
    ['exponential', () => exponential({ baseMs: 1, maxMs: 1, factor: 2, jitter: 'smooth' })],
    ['linear', () => linear(bad)],
    ['linear', () => linear({ stepMs: 2, maxMs: 1 })],
    ['constant', () => constant(-1)],
    ['constant', () => constant(1, bad)],
    ['release', () => circuitBreaker().release(null as never)],
  ])('%s', (name, make) => {
    expect((thrownBy(make) as Error).message).toMatch(new RegExp(`^${name}: `));
  });

  test.each([
    ['run', () => retry().run(() => 1, bad)],
    ['acquire', () => bulkhead().acquire(bad)],
  ])('%s, which rejects', async (name, make) => {
    expect(((await errorOf(make())) as Error).message).toMatch(new RegExp(`^${name}: `));
  });
});

describe('run delivers a bad option as a rejection, and never invokes the operation', () => {
  const subjects = [
    pipeline('p', retry()),
    retry(),
    circuitBreaker(),
    bulkhead(),
    timeout({ ms: 1 }),
    fallback(1),
  ];

  test.each(titled(RUN_ROWS))('%s', async (_, row) => {
    const operation = vi.fn();
    for (const subject of subjects) {
      expectToName(await errorOf(subject.run(operation, row[1] as never)), row);
    }
    expect(operation).not.toHaveBeenCalled();
  });
});

describe('what is not given counts as left out', () => {
  test('an option that is undefined', () => {
    expect(() => {
      retry({ retries: undefined, backoff: undefined, budget: undefined, judge: undefined, name: undefined });
      circuitBreaker({ window: undefined, minimumCalls: undefined, openMs: undefined, restore: undefined });
      bulkhead({ concurrency: undefined, queueTimeoutMs: undefined, clock: undefined });
      timeout({ ms: 1, mode: undefined });
    }).not.toThrow();
  });

  test('a run option that is undefined', async () => {
    const options = { signal: undefined, timeoutMs: undefined, judge: undefined, context: undefined };
    await expect(retry().run(() => 1, options)).resolves.toBe(1);
  });
});

describe('other functions that are given something bad', () => {
  test.each([
    [
      'a fallback without an answer',
      () => (fallback as () => unknown)(),
      'fallback: answer must be a value or a function, got undefined',
    ],
    ['wrap without a function', () => retry().wrap(5 as never), 'wrap: fn must be a function, got 5'],
    [
      'wrapCall without a function',
      () => retry().wrapCall({} as never),
      'wrapCall: fn must be a function, got {}',
    ],
    [
      'a listener that is none',
      () => retry().on('retry', 'log' as never),
      'listener must be a function, got "log"',
    ],
    [
      'a pipeline without a name',
      () => pipeline(retry() as never),
      'pipeline: name must be a string, or options with a name, got an instance of Retry',
    ],
    [
      'an isolation without a reason',
      () => circuitBreaker().isolate(''),
      'isolate: reason must be a string that is not empty, got ""',
    ],
    [
      'a release without a reason',
      () => circuitBreaker().release(null as never),
      'release: reason must be a string that is not empty, got null',
    ],
  ])('%s', (_, make, message) => {
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
  });

  test('a clock is not moved backwards', async () => {
    const clock = new VirtualClock();
    for (const ms of [-1, Number.NaN, Infinity, '5' as never]) {
      const error = await errorOf(clock.advance(ms));
      expect((error as Error).message).toMatch(/^advance: ms must be a (finite )?number >= 0, got/);
    }
    expect(clock.now()).toBe(0);
  });

  test('acquire delivers a bad signal as a rejection', async () => {
    const error = await errorOf(bulkhead().acquire({ signal: 5 as never }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('signal must be an AbortSignal, got 5');
  });
});
