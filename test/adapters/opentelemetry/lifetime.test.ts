/** From when to when runs are traced, which, and how often. */
import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { circuitBreaker, constant, keyed, pipeline, retry } from 'holdfast';
import { instrument, type Source } from 'holdfast/opentelemetry';
import { afterEach, describe, expect, test } from 'vitest';
import type { CallNode } from '../../../src/core/call.ts';
import { collectGarbage } from '../../support/garbage.ts';
import { work } from '../../support/spies.ts';
import { outline, registered, sdk, treeOf, unregister } from './spans.ts';

afterEach(unregister);

const named = (name: string) => [`run ${name}`, `  attempt ${name}`];

describe('an SDK', () => {
  test('that is registered after instrument was called is found by the next run', async () => {
    const subject = pipeline('p');
    instrument([subject]);
    await subject.run(() => 'before');
    const job = work();
    const under = subject.run(job.operation);
    const { spans } = registered();
    job.resolve('v');
    await under;
    expect(spans()).toEqual([]);
    await subject.run(() => 'after');
    expect(outline(treeOf(spans()))).toEqual(named('p'));
  });

  test('that takes the place of another gets the runs from then on', async () => {
    const subject = pipeline('p');
    instrument([subject]);
    const first = registered();
    await subject.run(() => 'v');
    unregister();
    await subject.run(() => 'v');
    const second = registered();
    await subject.run(() => 'v');
    expect([first.spans().length, second.spans().length]).toEqual([2, 2]);
  });

  test('that is given need not be registered, and one that stands for another may be', async () => {
    const subject = pipeline('p');
    instrument([subject], { tracerProvider: trace.getTracerProvider() });
    await subject.run(() => 'v');
    const { spans } = registered();
    await subject.run(() => 'v');
    expect(outline(treeOf(spans()))).toEqual(named('p'));
  });

  test('that samples nothing still hears that the run was there, so that what is below is not sampled either', async () => {
    const { spans } = registered(new AlwaysOffSampler());
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(0) }));
    instrument([subject]);
    const seen: unknown[] = [];
    await subject.run(({ attempt }) => {
      const active = trace.getActiveSpan();
      seen.push([active?.isRecording(), active?.spanContext().traceFlags]);
      if (attempt === 1) throw new Error('boom');
    });
    expect(seen).toEqual([
      [false, 0],
      [false, 0],
    ]);
    expect(spans()).toEqual([]);
  });
});

test('nothing is done in a run, not even remembered, while no SDK is registered', async () => {
  const watched: boolean[] = [];
  const gate = {
    enter: (call: unknown) => void watched.push((call as CallNode).run.recorder !== undefined),
    leave() {},
  };
  const subject = pipeline('p', gate);
  const stop = instrument([subject]);
  await subject.run(() => 'v');
  registered();
  await subject.run(() => 'v');
  unregister();
  await subject.run(() => 'v');
  stop();
  expect(watched).toEqual([false, true, false]);
});

describe('stop', () => {
  test('ends it for runs that start later; those under way are traced to their end', async () => {
    const { spans } = registered();
    const subject = pipeline('p');
    const stop = instrument([subject]);
    const job = work();
    const under = subject.run(job.operation);
    stop();
    stop();
    job.resolve('v');
    await under;
    await subject.run(() => 'v');
    expect(outline(treeOf(spans()))).toEqual(named('p'));
  });

  test('leaves nothing on a keyed, nor on what it has made, and dropped', async () => {
    const { spans } = registered();
    const hosts = keyed((key) => pipeline(key), { max: 1 });
    const [before, stop] = [hosts.get('before'), instrument([hosts])];
    const [evicted, kept] = [hosts.get('a'), hosts.get('b')];
    stop();
    hosts.get('later');
    for (const each of [before, evicted, kept, hosts.get('later')]) await each.run(() => 'v');
    expect(spans()).toEqual([]);
  });
});

describe('twice', () => {
  test('asked for is traced once, until both have stopped', async () => {
    const { spans } = registered();
    const subject = pipeline('p');
    const stops = [instrument([subject, subject]), instrument([subject])];
    const counts: number[] = [];
    const count = async (): Promise<void> => {
      const before = spans().length;
      await subject.run(() => 'v');
      counts.push(spans().length - before);
    };
    await count();
    stops[0]!();
    await count();
    stops[1]!();
    await count();
    expect(counts).toEqual([2, 2, 0]);
  });

  test('with the provider that is registered, given or not, is traced once', async () => {
    const { provider, spans } = registered();
    const subject = pipeline('p');
    const found = instrument([subject]);
    const stops = [provider, trace.getTracerProvider()].map((tracerProvider) =>
      instrument([subject], { tracerProvider }),
    );
    await subject.run(() => 'v');
    expect(outline(treeOf(spans()))).toEqual(named('p'));
    for (const stop of stops) stop();
    await subject.run(() => 'v');
    expect(spans()).toHaveLength(4);
    found();
    await subject.run(() => 'v');
    expect(spans()).toHaveLength(4);
  });

  test('with two providers is traced by each, the second below the first', async () => {
    const [a, b] = [sdk(), sdk()];
    const subject = pipeline('p');
    instrument([subject], { tracerProvider: a.provider });
    instrument([subject], { tracerProvider: b.provider });
    await subject.run(() => 'v');
    for (const { spans } of [a, b]) expect(outline(treeOf(spans()))).toEqual(named('p'));
  });
});

describe('keyed pipelines', () => {
  test('are traced, those that are there and those that come, under the name of the keyed', async () => {
    const { spans } = registered();
    const hosts = keyed((key) => pipeline(key), { name: 'hosts' });
    hosts.get('a');
    instrument([hosts]);
    await hosts.run('a', () => 'v');
    await hosts.run('b', () => 'v');
    expect(outline(treeOf(spans()))).toEqual([...named('hosts'), ...named('hosts')]);
    const pipelines = treeOf(spans()).map(({ attributes }) => attributes['holdfast.pipeline']);
    expect(pipelines).toEqual(['a', 'b']);
  });

  test('are traced also where one is not kept', async () => {
    const { spans } = registered();
    const hosts = keyed((key) => pipeline(key, circuitBreaker()), { name: 'hosts', max: 1 });
    instrument([hosts]);
    const job = work();
    const under = hosts.run('a', job.operation);
    await hosts.run('b', () => 'v');
    job.resolve('v');
    await under;
    expect(outline(treeOf(spans()))).toEqual([...named('hosts'), ...named('hosts')]);
  });

  test('are not kept alive by it, when they have been dropped', async () => {
    registered();
    const hosts = keyed((key) => pipeline(key), { max: 1 });
    const stop = instrument([hosts]);
    const refs: WeakRef<object>[] = [];
    for (let key = 0; key < 20; key++) {
      await hosts.run(`${key}`, () => 'v');
      refs.push(new WeakRef(hosts.get(`${key}`)));
    }
    await collectGarbage();
    const alive = refs.filter((ref) => ref.deref() !== undefined);
    expect(alive.length).toBeLessThanOrEqual(2);
    stop();
  });
});

test.each<[string, unknown, string]>([
  [
    'no iterable',
    7,
    'pipelines must be an array, or another iterable, of pipelines and of what keyed() returned, got 7',
  ],
  [
    'a policy',
    [pipeline('p'), retry()],
    'pipelines: number 2 must be a pipeline, or what keyed() returned, got',
  ],
  ['nothing', [undefined], 'pipelines: number 1 must be a pipeline, or what keyed() returned, got undefined'],
])('%s is refused', (_, pipelines, message) => {
  expect(() => instrument(pipelines as Source[])).toThrow(`instrument: ${message}`);
});
