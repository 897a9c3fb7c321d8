/** The suite, which knows no test framework, on the sources. */
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { LEAST } from './conform.ts';
import { suite } from './suite/index.ts';

describe('the conformance suite', () => {
  test.each(suite.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await run(new VirtualClock());
  });

  test('has a few hundred behaviours, each of its own name', () => {
    const names = suite.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(LEAST);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});
