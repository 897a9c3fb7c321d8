/** Operations that misbehave, each with the value or the error that it ends with. */
const boom = new Error('boom');
const frozen = Object.freeze({ frozen: true });
const frozenError = Object.freeze(new Error('frozen'));
const bare = Object.assign(Object.create(null), { a: 1 });
const noop = () => {};

const twice = (first: 'resolve' | 'reject', second: 'resolve' | 'reject') => ({
  then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
    const calls = { resolve: (n: number) => resolve(n), reject: (n: number) => reject(n) };
    calls[first](1);
    calls[second](2);
  },
});
class Odd extends Promise<unknown> {}
const func = () => 'called';

/** An operation, and how it ends. */
export type Row = readonly [
  what: string,
  operation: () => unknown,
  end: { value: unknown } | { error: unknown },
];
export const ROWS: readonly Row[] = [
  ['returns undefined', () => undefined, { value: undefined }],
  ['returns null', () => null, { value: null }],
  ['returns a function', () => func, { value: func }],
  ['returns a frozen object', () => frozen, { value: frozen }],
  ['returns an object whose then is no function', () => ({ then: 1 }), { value: { then: 1 } }],
  ['returns a Promise of another class', () => Odd.resolve('odd'), { value: 'odd' }],
  [
    'returns a thenable that is a function',
    () => Object.assign(noop, { then: (f: (v: string) => void) => f('fn') }),
    { value: 'fn' },
  ],
  ['returns a promise of a thenable', async () => twice('resolve', 'resolve'), { value: 1 }],
  ['calls back twice, with two values', () => twice('resolve', 'resolve'), { value: 1 }],
  ['calls back twice, with a value and an error', () => twice('resolve', 'reject'), { value: 1 }],
  ['calls back twice, with an error and a value', () => twice('reject', 'resolve'), { error: 1 }],
  [
    'returns a promise whose own then calls back twice',
    () => Object.assign(Promise.resolve(), twice('reject', 'reject')),
    { error: 1 },
  ],
  [
    'calls back and then throws',
    () => ({
      then: (f: (v: number) => void) => {
        f(1);
        throw boom;
      },
    }),
    { value: 1 },
  ],
  [
    'returns a thenable whose then throws',
    () => ({
      then: () => {
        throw boom;
      },
    }),
    { error: boom },
  ],
  [
    'returns an object whose then getter throws',
    () => ({
      get then() {
        throw boom;
      },
    }),
    { error: boom },
  ],
  [
    'throws synchronously',
    () => {
      throw boom;
    },
    { error: boom },
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
    { error: undefined },
  ],
  ['rejects with undefined', () => Promise.reject(undefined), { error: undefined }],
  ['rejects with null', () => Promise.reject(null), { error: null }],
  [
    'throws a string',
    () => {
      throw 'a string';
    },
    { error: 'a string' },
  ],
  [
    'throws a symbol',
    () => {
      throw Symbol.iterator;
    },
    { error: Symbol.iterator },
  ],
  [
    'throws a frozen object',
    () => {
      throw frozen;
    },
    { error: frozen },
  ],
  [
    'throws a frozen error',
    () => {
      throw frozenError;
    },
    { error: frozenError },
  ],
  [
    'throws a function',
    () => {
      throw func;
    },
    { error: func },
  ],
  [
    'throws an object without a prototype',
    () => {
      throw bare;
    },
    { error: bare },
  ],
  ['rejects with a promise', () => Promise.reject(frozen), { error: frozen }],
];
