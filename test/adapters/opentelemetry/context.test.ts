/** Where the spans stand that others make while a run is under way. */
import { context, createContextKey, trace } from '@opentelemetry/api';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  type Policy,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { instrument, resendCount } from 'holdfast/opentelemetry';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { type Watched, watch } from '../../support/spies.ts';
import { outline, registered, sdk, treeOf, unregister } from './spans.ts';

const boom = new Error('boom');

afterEach(unregister);

function traced(...policies: Policy[]) {
  const clock = new VirtualClock();
  const { spans } = registered();
  const subject = pipeline({ name: 'p', clock }, ...policies);
  instrument([subject]);
  return { clock, subject, spans, outlined: () => outline(treeOf(spans())) };
}

const tracer = () => trace.getTracer('test');
const mark = (name: string): void => tracer().startSpan(name).end();

describe('a span made by the operation is a child of its attempt', () => {
  test('in its part before the first await, and after each', async () => {
    const { clock, subject, outlined } = traced(retry({ retries: 1, backoff: constant(10) }));
    const run = watch(
      subject.run(async ({ attempt }) => {
        mark(`first of ${attempt}`);
        await null;
        mark(`then of ${attempt}`);
        await new Promise<void>((resolve) => void clock.setTimer(5, resolve));
        mark(`last of ${attempt}`);
        if (attempt === 1) throw boom;
      }),
    );
    await clock.runAll();
    expect(run.state).toBe('fulfilled');
    expect(outlined()).toEqual([
      'run p',
      '  attempt p',
      '    first of 1',
      '    then of 1',
      '    last of 1',
      '  attempt p',
      '    first of 2',
      '    then of 2',
      '    last of 2',
    ]);
  });

  test('where the operation throws at once', async () => {
    const { subject, outlined } = traced();
    const run = watch(
      subject.run(() => {
        mark('at once');
        throw boom;
      }),
    );
    await new VirtualClock().advance(0);
    expect(run.error).toBe(boom);
    expect(outlined()).toEqual(['run p', '  attempt p', '    at once']);
  });

  test('where the function is wrapped, and keeps its own this', async () => {
    const { subject, outlined } = traced();
    const service = {
      name: 'users',
      get: subject.wrap(function (this: { name: string }, id: number) {
        mark('inside');
        return `${this.name} ${id}`;
      }),
    };
    expect(await service.get(7)).toBe('users 7');
    expect(outlined()).toEqual(['run p', '  attempt p', '    inside']);
  });

  test('also in what goes on after a timeout gave it up', async () => {
    const { clock, subject, outlined } = traced(timeout({ ms: 10 }));
    const run = watch(
      subject.run(async () => {
        await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
        mark('late');
      }),
    );
    await clock.runAll();
    expect(run.state).toBe('rejected');
    expect(outlined()).toEqual(['run p', '  attempt p', '    late']);
  });

  test('and one of another pipeline inside it, with its own attempts', async () => {
    const { spans } = registered();
    const [outer, inner] = [pipeline('outer'), pipeline('inner')];
    instrument([outer, inner]);
    await outer.run(async () => {
      await null;
      await inner.run(() => mark('work'));
    });
    const names = ['run outer', '  attempt outer', '    run inner', '      attempt inner', '        work'];
    expect(outline(treeOf(spans()))).toEqual(names);
  });
});

describe('the span of a run', () => {
  test('is a child of the span that is active where it is called, and not after it', async () => {
    const { subject, outlined } = traced(timeout({ ms: 50 }));
    await tracer().startActiveSpan('request', async (request) => {
      await subject.run(() => 'v');
      mark('after');
      request.end();
    });
    expect(outlined()).toEqual(['request', '  run p', '    attempt p', '  after']);
  });

  test('is active where judge, backoff, fallback and listeners run', async () => {
    const { clock, subject, outlined } = traced(
      fallback(() => mark('fallback')),
      retry({
        retries: 1,
        judge: () => void mark('judge'),
        backoff: () => {
          mark('backoff');
          return 5;
        },
      }),
      circuitBreaker({ consecutiveFailures: 2 }).on('state', () => mark('listener')),
    );
    watch(subject.run(() => Promise.reject(boom)));
    await clock.runAll();
    const first = ['  attempt p', '  judge', '  backoff'];
    const second = ['  attempt p', '  listener', '  judge', '  fallback'];
    expect(outlined()).toEqual(['run p', ...first, ...second]);
  });

  test('keeps what a layer of the user put into the context', async () => {
    const key = createContextKey('tenant');
    const tenant: Layer = {
      around: (next) => (operation, call) =>
        context.with(context.active().setValue(key, 'acme'), () => next(operation, call)),
    };
    const { subject, outlined } = traced(tenant);
    expect(await subject.run(() => context.active().getValue(key))).toBe('acme');
    expect(outlined()).toEqual(['run p', '  attempt p']);
  });
});

test('a thousand runs that queue, time out, retry and wake one another never stand in each other', async () => {
  const { clock, subject, spans } = traced(
    retry({ retries: 2, backoff: constant(30), budget: false }),
    timeout({ ms: 100 }),
    bulkhead({ concurrency: 5, queue: 1_000, queueTimeoutMs: 2_000 }),
  );
  const work = (who: number) => async (): Promise<void> => {
    mark(`before ${who}`);
    const ms = clock.random() * 150;
    await new Promise<void>((resolve, reject) => void clock.setTimer(ms, who % 3 === 0 ? reject : resolve));
    mark(`after ${who}`);
  };
  const runs: Watched<void>[] = [];
  for (let who = 0; who < 1_000; who++)
    tracer().startActiveSpan(`request ${who}`, (request) => {
      runs.push(watch(subject.run(work(who)).finally(() => request.end())));
    });
  await clock.runAll();
  expect(runs.filter(({ state }) => state === 'pending')).toEqual([]);
  const requests = treeOf(spans());
  expect(requests).toHaveLength(1_000);
  for (const { name, below } of requests) {
    const who = name.replace('request ', '');
    const [run] = below;
    expect(below.map((each) => each.name)).toEqual(['run p']);
    for (const attempt of run!.below) {
      const inside = attempt.below.map((each) => each.name);
      expect([[`before ${who}`], [`before ${who}`, `after ${who}`]]).toContainEqual(inside);
    }
  }
}, 20_000);

describe('resendCount', () => {
  test('counts from the second attempt on, for the operation alone', async () => {
    const { subject } = traced(retry({ retries: 2, backoff: constant(0) }));
    const counts: unknown[] = [];
    await subject.run(async ({ attempt }) => {
      await null;
      counts.push(resendCount());
      if (attempt < 3) throw boom;
    });
    expect(counts).toEqual([undefined, 1, 2]);
    expect(resendCount()).toBe(undefined);
  });

  test('is that of the pipeline around the call, where one stands inside another', async () => {
    const { spans } = registered();
    const outer = pipeline('outer', retry({ retries: 1, backoff: constant(0) }));
    const inner = pipeline('inner');
    instrument([outer, inner]);
    const counts: unknown[] = [];
    await outer.run(async ({ attempt }) => {
      await inner.run(() => counts.push(resendCount()));
      if (attempt === 1) throw boom;
    });
    expect(counts).toEqual([undefined, undefined]);
    expect(spans()).toHaveLength(7);
  });

  test('needs something that tracks contexts', async () => {
    const { provider } = sdk();
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(0) }));
    instrument([subject], { tracerProvider: provider });
    const counts: unknown[] = [];
    await subject.run(({ attempt }) => {
      counts.push(resendCount());
      if (attempt === 1) throw boom;
    });
    expect(counts).toEqual([undefined, undefined]);
  });
});
