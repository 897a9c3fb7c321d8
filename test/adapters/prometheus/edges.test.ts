/** What the page says of cases in which several figures could be had. */
import { circuitBreaker, constant, type Layer, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { VirtualClock } from 'holdfast/testing';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

const fails = () => Promise.reject(new Error('reset'));
const failed = () => {};

function setUp() {
  const clock = new VirtualClock();
  const registry = new Registry();
  /** The lines of these metrics that are not 0, without their prefix. */
  const shown = async (names: RegExp) =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => names.test(line) && !/^#|_bucket|_sum.* 0$| 0$/.test(line))
      .map((line) => line.replace('holdfast_', ''));
  return { clock, registry, shown };
}

test('a run counts by its beginning, and what gave up by its moment', async () => {
  const { clock, registry, shown } = setUp();
  const subject = pipeline({ name: 'p', clock }, retry({ retries: 1, backoff: constant(10), budget: false }));
  const others = pipeline('others');
  instrument([others], { registry });
  const figures = /calls_total|retries_total|exhausted/;

  const before = subject.run(fails).catch(failed);
  const stop = instrument([subject], { registry });
  await clock.advance(10);
  await before;
  const exhausted = (times: number) =>
    `retry_exhausted_total{pipeline="p",policy="retry",reason="retries"} ${times}`;
  expect(await shown(figures)).toEqual([exhausted(1)]);

  const meanwhile = subject.run(fails).catch(failed);
  stop();
  await clock.advance(10);
  await meanwhile;
  expect(await shown(figures)).toEqual([
    'calls_total{pipeline="p",outcome="failure"} 1',
    'retries_total{pipeline="p",policy="retry",result="failure"} 1',
    exhausted(1),
  ]);
});

test('an incident has the rejections of the instrumented pipelines, and none from elsewhere', async () => {
  const { clock, registry, shown } = setUp();
  const breaker = circuitBreaker({ clock, consecutiveFailures: 1, openMs: 1_000 });
  const subject = pipeline({ name: 'p', clock }, breaker);
  instrument([subject], { registry });
  for (const each of [subject, breaker, subject, breaker]) await each.run(fails).catch(failed);
  await clock.advance(1_000);
  await subject.run(() => 'well again');
  expect(await shown(/incident_rejections_sum/)).toEqual([
    'incident_rejections_sum{pipeline="p",policy="circuit-breaker"} 1',
  ]);
});

test('retries that go on at the same time are each counted once', async () => {
  const { clock, registry, shown } = setUp();
  const hedge: Layer = {
    around: (next) => (operation, call) => Promise.any([next(operation, call), next(operation, call)]),
  };
  const subject = pipeline(
    { name: 'p', clock },
    hedge,
    retry({ retries: 1, backoff: constant(10), budget: false }),
  );
  instrument([subject], { registry });
  let invoked = 0;
  const run = subject.run(() => {
    if (++invoked <= 2) return fails();
    return invoked === 3 ? new Promise<never>(() => {}) : 'answer';
  });
  await clock.advance(10);
  await run;
  const counts = (await shown(/retries_total/)).map((line) => Number(line.split(' ').at(-1)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
});

test('an attempt that heeds a cooperating timeout was not given up', async () => {
  const { clock, registry, shown } = setUp();
  const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10, mode: 'cooperate' }));
  instrument([subject], { registry });
  const heeds = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const run = subject.run(heeds).catch(failed);
  await clock.advance(10);
  await run;
  expect(await shown(/calls_total|abandoned|attempt_duration_seconds_count/)).toEqual([
    'calls_total{pipeline="p",outcome="timeout"} 1',
    'attempt_duration_seconds_count{pipeline="p",outcome="failure"} 1',
  ]);
});
