import assert from 'node:assert/strict';
import { bulkhead, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import { ROWS as OPERATIONS } from '../../core/bad-operations.rows.ts';
import { ROWS, type Row, RUN_ROWS } from '../../core/bad-options.rows.ts';
import { errorOf } from '../../support/spies.ts';
import { about, type Behaviour, table } from './behaviour.ts';

const thrownBy = (make: () => unknown): unknown => {
  try {
    make();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
};

function assertNames(error: unknown, [, , Kind, option, value, allowed]: Row): void {
  assert(error instanceof Kind);
  const { message } = error;
  assert(message.includes(`option "${option}"`) || message.includes(`${option} must be`), message);
  for (const part of [value, allowed])
    assert(typeof part === 'string' ? message.includes(part) : part.test(message), message);
}

const numbered = (rows: readonly Row[]) => rows.map((row, i) => ({ row, number: i + 1 }));
const nameOf = ({ row: [make, , , option, value], number }: { row: Row; number: number }): string =>
  `${number} (${make.name || 'options'}): ${option} may not be ${value}`;

/** The wraps of an operation that all give its own outcome. */
const WAYS = {
  run: (operation: () => unknown) => retry({ retries: 0 }).run(operation),
  wrap: (operation: () => unknown) => circuitBreaker().wrap(operation)(),
  wrapCall: (operation: () => unknown) =>
    pipeline('p', bulkhead(), timeout({ ms: 60_000 })).wrapCall(operation)(),
};

export const options: Behaviour[] = [
  ...table('a bad option', numbered(ROWS), nameOf, ({ row }) =>
    assertNames(
      thrownBy(() => row[0](row[1] as never)),
      row,
    ),
  ),
  ...table('a bad option of a run', numbered(RUN_ROWS), nameOf, async ({ row }) => {
    let invoked = 0;
    assertNames(await errorOf(retry().run(() => ++invoked, row[1] as never)), row);
    assert.equal(invoked, 0);
  }),
  ...Object.entries(WAYS).flatMap(([way, run]) =>
    table(
      `${way} of an operation that`,
      OPERATIONS,
      ([what]) => `${what} has its own end`,
      async ([, operation, end]) => {
        if ('value' in end) assert.deepEqual(await run(operation), end.value);
        else assert.deepEqual(await errorOf(run(operation)), end.error);
      },
    ),
  ),
  ...table(
    'an operation that is no function',
    [
      [undefined, 'undefined'],
      [null, 'null'],
      [5, '5'],
      [{}, '{}'],
      [Promise.resolve(1), 'an instance of Promise'],
    ] as const,
    ([, shown]) => shown,
    async ([operation, shown]) => {
      const error = await errorOf(retry().run(operation as never));
      assert(error instanceof TypeError);
      assert.equal(error.message, `run: operation must be a function, got ${shown}`);
    },
  ),
  ...about('an argument', {
    'that is undefined counts as left out': () => {
      retry({ retries: undefined, backoff: undefined, budget: undefined, judge: undefined, name: undefined });
      circuitBreaker({ window: undefined, minimumCalls: undefined, openMs: undefined, restore: undefined });
      bulkhead({ concurrency: undefined, queueTimeoutMs: undefined, clock: undefined });
      timeout({ ms: 1, mode: undefined });
    },
    'of wrap is a function': () =>
      assert.throws(() => retry().wrap(5 as never), /^TypeError: wrap: fn must be a function, got 5$/),
    'of wrapCall is a function': () =>
      assert.throws(() => retry().wrapCall({} as never), /wrapCall: fn must be a function, got \{\}/),
    'of on is a function': () =>
      assert.throws(() => retry().on('retry', 'log' as never), /listener must be a function, got "log"/),
    'of fallback is there': () =>
      assert.throws(() => (fallback as () => unknown)(), /answer must be a value or a function/),
    'of isolate is a reason': () =>
      assert.throws(() => circuitBreaker().isolate(''), /isolate: reason must be a string that is not empty/),
    'of constant is a delay': () =>
      assert.throws(
        () => constant(-1),
        /^RangeError: constant: ms must be a number >= 0 and <= 2147483647, got -1$/,
      ),
    'of advance is no step back': async (clock) => {
      assert(String(await errorOf(clock.advance(-1))).includes('advance: ms must be a number >= 0, got -1'));
      assert.equal(clock.now(), 0);
    },
  }),
];
