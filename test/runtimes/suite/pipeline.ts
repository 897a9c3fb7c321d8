import assert from 'node:assert/strict';
import {
  bulkhead,
  type CallReport,
  circuitBreaker,
  constant,
  fallback,
  type Policy,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { spyGate, watch } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, hangs, script, table } from './behaviour.ts';

/** Policies, outermost first, and how many warnings their order deserves. */
const ORDERS: readonly (readonly [names: string, warnings: number])[] = [
  ['retry breaker timeout bulkhead', 0],
  ['fallback timeout retry breaker bulkhead', 0],
  ['retry retry', 1],
  ['breaker retry', 1],
  ['retry fallback', 1],
  ['timeout long', 1],
  ['long timeout', 0],
  ['bulkhead retry', 0],
  ['bulkhead retry timeout', 1],
];

const MAKE: Readonly<Record<string, () => Policy>> = {
  retry,
  breaker: circuitBreaker,
  bulkhead,
  timeout: () => timeout({ ms: 100 }),
  long: () => timeout({ ms: 200 }),
  fallback: () => fallback('plan b'),
};

// What a mistake prints is seen in `warnings` too.
function quietly<T>(make: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}

/** One run of a pipeline that is listened to: its report. */
async function reportOf(
  clock: VirtualClock,
  operation: () => unknown,
  ...policies: Policy[]
): Promise<CallReport> {
  const reports: CallReport[] = [];
  const p = pipeline({ name: 'p', clock }, ...policies).on('call', (report) => reports.push(report));
  void watch(p.run(operation, { context: 'mine' }));
  await clock.advance(1_000);
  assert.equal(reports.length, 1);
  return reports[0]!;
}

export const pipelines: Behaviour[] = [
  ...table(
    'a pipeline of',
    ORDERS,
    ([names, warnings]) => `${names} deserves ${warnings} warnings`,
    ([names, warnings]) => {
      const policies = names.split(' ').map((name) => MAKE[name]!());
      assert.equal(quietly(() => pipeline('order', ...policies)).warnings.length, warnings);
    },
  ),
  ...about('a pipeline', {
    'of nothing runs the operation': async () => assert.equal(await pipeline('p').run(() => 5), 5),
    'enters from the outside in, and leaves from the inside out': async () => {
      const log: string[] = [];
      const gates = ['a', 'b', 'c'].map((name) => spyGate({ name, log }));
      await pipeline('p', ...gates).run(() => log.push('work'));
      const entered = ['a enter', 'b enter', 'c enter', 'work'];
      const left = ['c leave', 'c release', 'b leave', 'b release', 'a leave', 'a release'];
      assert.deepEqual(log, [...entered, ...left]);
    },
    'keeps its policies as they were given': () => {
      const [a, b] = [retry(), circuitBreaker()];
      assert.deepEqual(pipeline('p', a, b).policies, [a, b]);
    },
    'always returns a promise, also where the operation throws': async () => {
      const run = pipeline('p', retry({ retries: 0 })).run(() => {
        throw DOWN;
      });
      assert(run instanceof Promise);
      await assert.rejects(run, (error) => error === DOWN);
    },
    'shares the state of a policy with other pipelines': async (clock) => {
      const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
      await pipeline('a', breaker)
        .run(fails)
        .catch(() => {});
      await assert.rejects(
        pipeline('b', breaker).run(() => 1),
        /^CircuitOpenError: b: circuit-breaker is open$/,
      );
    },
    'gives its clock to policies that have none': async (clock) => {
      const run = watch(pipeline({ name: 'p', clock }, timeout({ ms: 50 })).run(hangs));
      await clock.advance(50);
      assert.equal(run.state, 'rejected');
    },
    'takes the clock of its first policy': (clock) =>
      assert.equal(pipeline('p', timeout({ ms: 50, clock }), retry({ clock })).clock, clock),
    'refuses policies on different clocks': (clock) =>
      assert.throws(
        () => pipeline('p', timeout({ ms: 5, clock }), retry({ clock: new VirtualClock() })),
        /clock of retry must be the same as that of the others/,
      ),
    'numbers policies of the same default name': async (clock) => {
      const told: string[] = [];
      const p = pipeline({ name: 'p', clock }, timeout({ ms: 100 }), timeout({ ms: 50 }));
      void watch(p.on('timeout', ({ policy }) => told.push(policy)).run(hangs));
      await clock.advance(200);
      assert.deepEqual(told, ['timeout-2']);
    },
    'refuses two policies with one explicit name': () =>
      assert.throws(
        () => pipeline('p', retry({ name: 'x' }), circuitBreaker({ name: 'x' })),
        /name must be different for each policy, got "x"/,
      ),
    'may stand in another': async (clock) => {
      const dependency = script('ffs');
      const inner = pipeline('inner', retry({ backoff: constant(10) }));
      const run = watch(pipeline({ name: 'outer', clock }, timeout({ ms: 100 }), inner).run(dependency.run));
      await clock.runAll();
      assert.equal(run.value, 3);
    },
    'within another names errors after the outer one': async (clock) => {
      const inner = pipeline('inner', bulkhead({ concurrency: 0, clock }));
      await assert.rejects(
        pipeline('outer', inner).run(() => 1),
        /^BulkheadFullError: outer: bulkhead is full$/,
      );
    },
    'draws chance from its own source': async (clock) => {
      const delays: number[] = [];
      const policy = retry({ retries: 1, backoff: constant(100, { jitter: 'full' }) });
      const p = pipeline({ name: 'p', clock, random: () => 0.75 }, policy);
      void watch(p.on('retry', ({ delayMs }) => delays.push(delayMs)).run(fails));
      await clock.runAll();
      assert.deepEqual(delays, [75]);
    },
  }),
  ...about('wrap', {
    'keeps parameters and this': async () => {
      const counter = {
        step: 2,
        add: pipeline('p', retry()).wrap(async function (this: { step: number }, n: number) {
          return n + this.step;
        }),
      };
      assert.equal(await counter.add(5), 7);
    },
    'makes a promise of a plain value': async () =>
      assert.equal(await retry().wrap((a: string) => a + a)('x'), 'xx'),
    'puts the policies around each call': async (clock) => {
      const limited = bulkhead({ concurrency: 1, clock }).wrap(hangs);
      void watch(limited());
      await assert.rejects(limited(), /BulkheadFullError/);
    },
    'with the call puts it first': async () => {
      const get = pipeline('p', retry()).wrapCall(
        ({ attempt, signal }, path: string) => `${attempt}${path}${signal.aborted}`,
      );
      assert.equal(await get('/'), '1/false');
    },
  }),
  ...about('the report of a call', {
    'tells outcome, times and context': async (clock) => {
      await clock.advance(500);
      const {
        pipeline: name,
        policy,
        outcome,
        startMs,
        durationMs,
        context,
      } = await reportOf(clock, () => 5);
      assert.deepEqual(
        [name, policy, outcome.value, startMs, durationMs, context],
        ['p', 'p', 5, 500, 0, 'mine'],
      );
    },
    'lists each attempt, with start and end': async (clock) => {
      const dependency = script('fs');
      const { attempts } = await reportOf(clock, dependency.run, retry({ backoff: constant(40) }));
      assert.deepEqual(
        attempts.map(({ attempt, startMs, endMs, outcome }) => [attempt, startMs, endMs, outcome?.ok]),
        [
          [1, 0, 0, false],
          [2, 40, 40, true],
        ],
      );
    },
    'lists each wait': async (clock) => {
      const { waits, durationMs } = await reportOf(clock, script('fs').run, retry({ backoff: constant(40) }));
      assert.deepEqual([waits, durationMs], [[{ policy: 'retry', startMs: 0, endMs: 40 }], 40]);
    },
    'lists who refused': async (clock) => {
      const { rejections, attempts } = await reportOf(clock, hangs, bulkhead({ concurrency: 0 }));
      assert.deepEqual([rejections.map(({ policy }) => policy), attempts], [['bulkhead'], []]);
    },
    'ends an attempt where a timeout gave it up': async (clock) => {
      const { attempts } = await reportOf(clock, hangs, timeout({ ms: 30 }));
      assert.deepEqual([attempts[0]?.endMs, attempts[0]?.outcome?.ok], [30, false]);
    },
    'comes from the outer pipeline only': async (clock) => {
      let inner = 0;
      const nested = pipeline('inner', retry()).on('call', () => inner++);
      await reportOf(clock, () => 1, nested);
      assert.equal(inner, 0);
    },
  }),
];
