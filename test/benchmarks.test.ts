/** The benchmark's own honesty: what it times does its job. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Candidate } from '../benchmarks/candidates/candidate.ts';
import { candidates } from '../benchmarks/candidates/index.ts';
import { complaints } from '../benchmarks/check.ts';
import { candidateNamed } from './support/benchmark.ts';

describe('every candidate does the job that its row says', () => {
  test.concurrent.each(candidates)('$name', async (candidate) => {
    expect(await complaints(candidate)).toEqual([]);
  });
});

describe('the check of candidates', () => {
  const bare = candidateNamed('bare await fn()');
  const opossum = candidateNamed('opossum: breaker with timeout and capacity');

  test('complains of a candidate that lacks the policies of its row', async () => {
    const parts = ['retry', 'breaker', 'timeout', 'bulkhead'] as const;
    expect(await complaints({ ...bare, name: 'nothing', parts })).toEqual([
      'nothing: does not do this: tries again',
      'nothing: does not do this: opens, and closes again',
      'nothing: does not do this: half-open, lets one call through',
      'nothing: does not do this: rejects what is too much',
      'nothing: does not do this: gives up in time',
      'nothing: does not do this: keeps the place of work that timed out',
    ]);
  });

  test('complains of a candidate that changes values and errors', async () => {
    const build: Candidate['build'] = (work) => ({
      call: () =>
        work().then(
          () => 'changed',
          () => 'swallowed',
        ),
    });
    expect(await complaints({ ...bare, build })).toEqual([
      'bare await fn(): does not do this: passes the value on',
      'bare await fn(): does not do this: passes the error on',
    ]);
  });

  test('complains of a candidate that heeds no signal, gives none, and has no queue', async () => {
    const parts = ['timeout', 'signal', 'abort', 'queue'] as const;
    expect(await complaints({ ...bare, name: 'nothing', parts })).toEqual([
      'nothing: does not do this: queues what is too much, first come first served',
      'nothing: does not do this: gives up in time',
      'nothing: does not do this: tells the operation when it gives up',
      'nothing: does not do this: ends when its caller gives up',
    ]);
  });

  test('complains of a bulkhead that runs later what it has rejected', async () => {
    const { build } = candidateNamed('p-limit: success');
    const impatient: Candidate['build'] = (work, settings, signal) => {
      const { call } = build(work, settings, signal);
      return {
        call: () =>
          Promise.race([
            call(),
            setImmediate(undefined).then(() => {
              throw new Error('full');
            }),
          ]),
      };
    };
    const said = await complaints({ ...bare, name: 'impatient', parts: ['bulkhead'], build: impatient });
    expect(said).toEqual(['impatient: does not do this: rejects what is too much']);
  });

  test('complains of a lack that is none, and of one that no check knows', async () => {
    const lacks = { ...opossum.lacks, 'gives up in time': 'never gives up', 'makes coffee': 'makes none' };
    expect(await complaints({ ...opossum, name: 'it', lacks })).toEqual([
      "it: no check is called 'makes coffee'",
      'it: says that it does not do this, and does: gives up in time',
    ]);
  });
});
