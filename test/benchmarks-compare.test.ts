/** Whether anything has become dearer since a result was committed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from '../benchmarks/compare.ts';
import { flat, ours, resultWith } from './support/benchmark.ts';

describe('the comparison with what is committed', () => {
  const factors = fc.oneof(
    fc.double({ min: 0.01, max: 100, noNaN: true }),
    fc.double({ min: 1.4, max: 1.6, noNaN: true }),
  );
  const cost = (name: string): number => 10 * name.length;
  const committed = resultWith(cost);

  test('is content where all rows have become dearer alike: it judges no time', () => {
    fc.assert(
      fc.property(factors, (factor) => {
        expect(
          compare(
            resultWith((name) => factor * cost(name)),
            committed,
          ).faults,
        ).toEqual([]);
      }),
    );
  });

  test('has a fault for a row of ours exactly if its ratio has grown by more than half', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ours), factors, (dear, factor) => {
        const { faults } = compare(
          resultWith((name) => (name === dear ? factor : 1) * cost(name)),
          committed,
        );
        expect(faults.some((fault) => fault.startsWith(`${dear}, of by hand`))).toBe(factor > 1.5);
        expect(faults.every((fault) => fault.startsWith(`${dear}, of by hand`))).toBe(true);
      }),
    );
  });

  test('does not mind that a peer has changed', () => {
    const { faults } = compare(
      resultWith((name) => (/hand|hold/.test(name) ? 100 : 5)),
      flat,
    );
    expect(faults).toEqual([]);
  });

  test('wants what is committed to be measured still, and takes what is new', () => {
    const without = { ...flat, rows: flat.rows.filter(({ name }) => name !== 'holdfast: retry') };
    expect(compare(flat, without).faults).toEqual([]);
    expect(compare(without, flat).faults).toEqual([
      'holdfast: retry, of by hand, tuned: four: is committed, and was not measured',
    ]);
  });
});
