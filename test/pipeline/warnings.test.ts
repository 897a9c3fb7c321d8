import { bulkhead, circuitBreaker, fallback, type Policy, pipeline, retry, timeout } from 'holdfast';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const print = vi.spyOn(console, 'warn');
beforeEach(() => void print.mockImplementation(() => {}));
afterEach(() => void print.mockReset());

let names = 0;
/** A name that no other test has used: a warning is printed once in the life of the process. */
const fresh = () => `warned-${++names}`;

const nested = 'retry-2 stands inside retry: their attempts multiply; keep one of the two';
const longer = 'timeout-2 is longer than timeout around it, and will never fire; make it shorter';
const hidden =
  'retry stands inside circuit-breaker, which then sees one failure where the dependency had several; put it outside';
const crowded =
  'bulkhead stands outside retry, whose attempts may still run when the next one starts, all in one place; put it inside';
const twice =
  'bulkhead stands here twice, so that each call enters it twice and may wait for itself; keep one';
const deaf = 'fallback stands inside retry, which then never sees a failure; put it outside';

const MISTAKES: readonly (readonly [string, () => Policy[], string[]])[] = [
  ['two retries nested', () => [retry(), timeout({ ms: 1 }), retry()], [nested]],
  [
    'an attempt timeout longer than the total',
    () => [timeout({ ms: 10 }), retry(), timeout({ ms: 11 })],
    [longer],
  ],
  ['an attempt timeout without end', () => [timeout({ ms: 10 }), timeout({ ms: Infinity })], [longer]],
  ['a retry inside a breaker', () => [circuitBreaker(), bulkhead(), retry()], [hidden]],
  [
    'a bulkhead around a retry whose attempts are given up',
    () => [bulkhead(), retry(), timeout({ ms: 10 })],
    [crowded],
  ],
  ['the same gate twice', () => (([gate]) => [gate, gate])([bulkhead()] as const), [twice]],
  ['a fallback inside a retry', () => [retry(), fallback(1)], [deaf]],
  [
    'several at once',
    () => [circuitBreaker(), retry(), retry(), fallback(1)],
    [
      hidden,
      hidden.replace('retry', 'retry-2'),
      nested,
      deaf,
      deaf.replace('inside retry', 'inside retry-2'),
    ],
  ],
  ['across a nested pipeline', () => [circuitBreaker(), pipeline('inner', retry())], [hidden]],
];

describe('an order that is a known mistake', () => {
  test.each(MISTAKES)('%s: is listed in warnings', (_, policies, expected) => {
    expect(pipeline(fresh(), ...policies()).warnings).toEqual(expected);
  });

  test.each(MISTAKES)('%s: is printed once', (_, policies, expected) => {
    const name = fresh();
    pipeline(name, ...policies());
    expect(print.mock.calls).toEqual(expected.map((warning) => [`holdfast: pipeline '${name}': ${warning}`]));
    expect(pipeline(name, ...policies()).warnings).toEqual(expected);
    expect(print.mock.calls.length).toBe(expected.length);
  });

  test('of a nested pipeline is told by the inner and by the outer one, in its own labels', () => {
    const inner = pipeline(fresh(), retry({ name: 'a' }), retry({ name: 'b' }));
    const outer = pipeline(fresh(), inner);
    expect(outer.warnings).toEqual(inner.warnings);
    expect(inner.warnings).toEqual(['b stands inside a: their attempts multiply; keep one of the two']);
  });
});

describe('an order that is sound warns of nothing', () => {
  test.each<readonly [string, () => Policy[]]>([
    [
      'the recommended one',
      () => [timeout({ ms: 5_000 }), retry(), circuitBreaker(), timeout({ ms: 800 }), bulkhead()],
    ],
    ['a fallback outermost', () => [fallback(1), retry(), circuitBreaker()]],
    ['equal timeouts', () => [timeout({ ms: 10 }), retry(), timeout({ ms: 10 })]],
    ['two breakers', () => [circuitBreaker(), circuitBreaker()]],
    [
      'a bulkhead around a retry whose attempts have no limit',
      () => [bulkhead(), retry(), timeout({ ms: Infinity })],
    ],
    [
      'a bulkhead around a retry that is limited as a whole',
      () => [timeout({ ms: 10 }), bulkhead(), timeout({ ms: 10 }), retry()],
    ],
    ['none', () => []],
  ])('%s', (_, policies) => {
    expect(pipeline(fresh(), ...policies()).warnings).toEqual([]);
    expect(print).not.toHaveBeenCalled();
  });
});

test('the first hundred are printed, each once, and no more', async () => {
  // A copy of its own, which has printed nothing yet.
  const copy = new URL('../../src/pipeline/warnings.ts?copy', import.meta.url).href;
  const { printWarnings } = (await import(copy)) as typeof import('../../src/pipeline/warnings.ts');
  for (let i = 0; i < 120; i++) for (const warning of ['a', 'b', 'a']) printWarnings(`p${i}`, [warning]);
  expect(print.mock.calls.length).toBe(100);
  expect(print.mock.calls.slice(0, 3)).toEqual([
    ["holdfast: pipeline 'p0': a"],
    ["holdfast: pipeline 'p0': b"],
    ["holdfast: pipeline 'p1': a"],
  ]);
});

test('names that are made up at run time do not flood the log', () => {
  for (let i = 0; i < 200; i++) pipeline(fresh(), retry(), retry());
  expect(print.mock.calls.length).toBeLessThanOrEqual(100);
  expect(pipeline(fresh(), retry(), retry()).warnings).toEqual([nested]);
});
