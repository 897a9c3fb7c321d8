import {
  bulkhead,
  circuitBreaker,
  type EventOrigin,
  fallback,
  type HoldfastError,
  type Policy,
  pipeline,
  Rejection,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { labelsOf } from '../../src/pipeline/labels.ts';
import { errorOf, spyGate, watch, work } from '../support/spies.ts';

/** The label of whichever of these bulkheads, all without a place but for those before it, refuses. */
async function labels(...names: (string | undefined)[]): Promise<unknown[]> {
  const places = names.map((name) => bulkhead({ concurrency: 1, ...(name !== undefined && { name }) }));
  const subject = pipeline('p', ...places);
  const found: unknown[] = [];
  for (const place of places) {
    place.resize({ concurrency: 0 });
    found.push(((await errorOf(subject.run(() => 1))) as HoldfastError).policy);
    place.resize({ concurrency: 1 });
  }
  return found;
}

describe('labels', () => {
  test('default to the kind, and count from the second of the same default name', async () => {
    expect(await labels(undefined)).toEqual(['bulkhead']);
    expect(await labels(undefined, undefined, undefined)).toEqual(['bulkhead', 'bulkhead-2', 'bulkhead-3']);
  });

  test('are explicit names where there are any, which do not count', async () => {
    expect(await labels('db', undefined, undefined)).toEqual(['db', 'bulkhead', 'bulkhead-2']);
  });

  test('step aside for an explicit name that looks like a label', async () => {
    expect(await labels(undefined, undefined, 'bulkhead-2')).toEqual([
      'bulkhead',
      'bulkhead-3',
      'bulkhead-2',
    ]);
    expect(await labels(undefined, 'bulkhead')).toEqual(['bulkhead-2', 'bulkhead']);
  });

  test('are per kind: the second timeout is timeout-2, whatever stands between', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock }, timeout({ ms: 200 }), bulkhead(), timeout({ ms: 100 }));
    const run = watch(subject.run(work().operation));
    await clock.advance(100);
    expect(run.error).toMatchObject({ policy: 'timeout-2', message: 'p: timeout-2 of 100 ms is over' });
  });

  test('count through nested pipelines', async () => {
    const places = bulkhead({ concurrency: 0 });
    const subject = pipeline('outer', bulkhead(), pipeline('inner', places));
    expect(await errorOf(subject.run(() => 1))).toMatchObject({ policy: 'bulkhead-2', pipeline: 'outer' });
  });

  test('belong to the pipeline: the same policy may have another in each', async () => {
    const places = bulkhead({ concurrency: 0 });
    const first = pipeline('first', places);
    const second = pipeline('second', bulkhead(), places);
    expect(await errorOf(first.run(() => 1))).toMatchObject({ policy: 'bulkhead' });
    expect(await errorOf(second.run(() => 1))).toMatchObject({ policy: 'bulkhead-2' });
    expect(await errorOf(places.run(() => 1))).toMatchObject({ policy: 'bulkhead', pipeline: undefined });
  });

  test('are in the events too, each in those of its own pipeline', async () => {
    const places = bulkhead({ concurrency: 0 });
    const heard: EventOrigin[] = [];
    const listener = ({ policy, pipeline: name }: EventOrigin) => heard.push({ policy, pipeline: name });
    const subject = pipeline('p', bulkhead(), places);
    subject.on('reject', listener);
    places.on('reject', listener);
    await errorOf(subject.run(() => 1));
    expect(heard).toEqual([
      { policy: 'bulkhead-2', pipeline: 'p' },
      { policy: 'bulkhead-2', pipeline: 'p' },
    ]);
  });

  test('of one policy that stands twice in a pipeline are one', async () => {
    const gate = spyGate({ answer: (n) => (n < 2 ? n : new Rejection('twice')) });
    expect(await errorOf(pipeline('p', gate, gate).run(() => 1))).toMatchObject({ policy: 'gate' });
  });
});

describe('two equal explicit names throw', () => {
  test.each([
    ['of one kind', () => pipeline('p', timeout({ ms: 1, name: 'x' }), timeout({ ms: 1, name: 'x' }))],
    ['of different kinds', () => pipeline('p', circuitBreaker({ name: 'x' }), fallback(1, { name: 'x' }))],
    [
      'of which one stands in a nested pipeline',
      () => pipeline('p', bulkhead({ name: 'x' }), pipeline('q', bulkhead({ name: 'x' }))),
    ],
    ["of users' own gates", () => pipeline('p', spyGate({ name: 'x' }), spyGate({ name: 'x' }))],
  ])('%s', (_, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow('pipeline: name must be different for each policy, got "x"');
  });
});

test('a gate and a layer of one’s own without a name are called that', () => {
  const [gate, layer]: Policy[] = [spyGate(), { around: (next) => next }];
  expect([...labelsOf([gate!, layer!]).values()]).toEqual(['gate', 'layer']);
});
