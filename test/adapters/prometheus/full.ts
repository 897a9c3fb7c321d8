/** A registry in which every instrument has something to show: a pipeline to which all of it has happened. */
import { bulkhead, circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { VirtualClock } from 'holdfast/testing';
import { Registry } from 'prom-client';
import { watch, work } from '../../support/spies.ts';

export async function fullRegistry(): Promise<Registry> {
  const registry = new Registry();
  const clock = new VirtualClock();
  const subject = pipeline(
    { name: 'shop', clock },
    retry({ retries: 1, backoff: constant(5) }),
    circuitBreaker({ consecutiveFailures: 2, openMs: 1_000 }),
    timeout({ ms: 100 }),
    bulkhead({ concurrency: 1, queue: 1 }),
  );
  instrument([subject], { registry });
  const job = work();
  for (let i = 0; i < 3; i++) watch(subject.run(job.operation));
  await clock.advance(10);
  job.resolve(1, 0);
  await clock.advance(0);
  job.resolve(2, 1);
  for (let i = 0; i < 2; i++) watch(subject.run(() => Promise.reject(new Error('boom'))));
  await clock.advance(20);
  watch(subject.run(() => 1));
  await clock.advance(1_000);
  watch(subject.run(() => 1));
  await clock.advance(0);
  watch(subject.run(work().operation));
  await clock.advance(150);
  return registry;
}
