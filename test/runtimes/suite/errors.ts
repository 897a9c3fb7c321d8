import assert from 'node:assert/strict';
import {
  BulkheadFullError,
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  HoldfastError,
  isRejection,
  pipeline,
  Rejection,
  TimeoutError,
  timeout,
} from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { errorOf } from '../../support/spies.ts';
import { about, type Behaviour, hangs, table } from './behaviour.ts';

type ErrorClass = (abstract new (...args: never[]) => HoldfastError) & { readonly prototype: HoldfastError };

interface Kind {
  readonly Class: ErrorClass;
  readonly code: string;
  readonly message: string;
  readonly rejects: boolean;
  /** Brings one about. */
  make(clock: VirtualClock, options?: { readonly captureStack?: boolean }): Promise<unknown>;
}

const KINDS: readonly Kind[] = [
  {
    Class: CircuitOpenError,
    code: 'HOLDFAST_CIRCUIT_OPEN',
    message: 'shop: circuit-breaker is open',
    rejects: true,
    make: (clock, options) => {
      const breaker = circuitBreaker({ clock });
      breaker.open();
      return errorOf(pipeline({ name: 'shop', ...options }, breaker).run(() => 1));
    },
  },
  {
    Class: BulkheadFullError,
    code: 'HOLDFAST_BULKHEAD_FULL',
    message: 'shop: bulkhead is full',
    rejects: true,
    make: (clock, options) =>
      errorOf(pipeline({ name: 'shop', ...options }, bulkhead({ concurrency: 0, clock })).run(() => 1)),
  },
  {
    Class: TimeoutError,
    code: 'HOLDFAST_TIMEOUT',
    message: 'shop: timeout of 50 ms is over',
    rejects: false,
    make: async (clock, options) => {
      const error = errorOf(pipeline({ name: 'shop', ...options }, timeout({ ms: 50, clock })).run(hangs));
      await clock.advance(50);
      return error;
    },
  },
];

const CLASSES: readonly ErrorClass[] = [HoldfastError, Rejection, ...KINDS.map(({ Class }) => Class)];

const ofKind = ({ Class, code, message, rejects, make }: Kind): Behaviour[] =>
  about(`a ${Class.prototype.name}`, {
    'says who it is': async (clock) => {
      const error = (await make(clock)) as HoldfastError;
      assert.deepEqual([error.name, error.code, error.message], [Class.prototype.name, code, message]);
      assert.deepEqual([error.policy, error.pipeline], [message.split(' ')[1], 'shop']);
    },
    'is an instance of its class and of those above, and of no other': async (clock) => {
      const error = await make(clock);
      const above = [HoldfastError, ...(rejects ? [Rejection] : []), Class];
      assert.deepEqual(
        CLASSES.filter((each) => error instanceof each),
        CLASSES.filter((each) => above.includes(each)),
      );
      assert(error instanceof Error);
    },
    'is known by its brand': async (clock) => assert.equal(isRejection(await make(clock)), rejects),
    'keeps its code in JSON': async (clock) =>
      assert.equal(JSON.parse(JSON.stringify(await make(clock))).code, code),
    'prints as name and message': async (clock) =>
      assert.equal(String(await make(clock)), `${Class.prototype.name}: ${message}`),
    'captures no stack': async (clock) => {
      const { stack } = (await make(clock)) as Error;
      assert(!/\n\s+at |@/.test(stack ?? ''), stack);
    },
    'captures a stack where the pipeline asks for it': async (clock) => {
      const { stack } = (await make(clock, { captureStack: true })) as Error;
      assert.match(stack ?? '', /\n/);
    },
    'is a new one each time': async (clock) => assert.notEqual(await make(clock), await make(clock)),
  });

/** What is no error of the library, whatever it looks like. */
const OTHERS: readonly (readonly [what: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'Rejection'],
  ['an error', new Error('x')],
  ['an error of the same name', Object.assign(new Error('x'), { name: 'CircuitOpenError' })],
  ['an object with the code', { code: 'HOLDFAST_CIRCUIT_OPEN' }],
];

export const errors: Behaviour[] = [
  ...KINDS.flatMap(ofKind),
  ...table(
    'isRejection and instanceof do not take for theirs',
    OTHERS,
    ([what]) => what,
    ([, value]) => {
      assert.equal(isRejection(value), false);
      for (const Class of CLASSES) assert.equal(value instanceof Class, false);
    },
  ),
  ...about('an error', {
    'of another copy of the library is known by its brand': () => {
      const foreign = Object.assign(new Error('x'), {
        [Symbol.for('holdfast.Rejection')]: true,
        [Symbol.for('holdfast.HoldfastError')]: true,
      });
      assert(isRejection(foreign));
      assert(foreign instanceof Rejection && foreign instanceof HoldfastError);
      assert(!(foreign instanceof TimeoutError));
    },
    'of a class of the user is an instance of that class only where it is one': () => {
      class OutOfStock extends Rejection {}
      assert(new OutOfStock('none left') instanceof OutOfStock);
      assert(new OutOfStock('none left') instanceof Rejection);
      assert(!(new Rejection('other') instanceof OutOfStock));
    },
    'thrown by a policy that runs alone names no pipeline': async (clock) => {
      const error = (await errorOf(bulkhead({ concurrency: 0, clock }).run(() => 1))) as HoldfastError;
      assert.deepEqual([error.pipeline, error.message], [undefined, 'bulkhead is full']);
    },
    'leaves the limit of stack traces as it was': async (clock) => {
      const before = Error.stackTraceLimit;
      await errorOf(bulkhead({ concurrency: 0, clock }).run(() => 1));
      assert.equal(Error.stackTraceLimit, before);
    },
    'takes the name of its policy': async (clock) => {
      const error = (await errorOf(
        bulkhead({ concurrency: 0, name: 'places', clock }).run(() => 1),
      )) as Error;
      assert.equal(error.message, 'places is full');
    },
  }),
];
