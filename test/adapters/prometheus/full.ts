/** A registry in which every instrument has something to show: a pipeline to which all of it has happened. */
import { bulkhead, circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { VirtualClock } from 'holdfast/testing';
import { Registry } from 'prom-client';
import { watch, work } from '../../support/spies.ts';

export interface FullTraffic {
  readonly registry: Registry;
  /** Plays all of it, each time to the same pipeline. */
  play(): Promise<void>;
}

export function fullTraffic(): FullTraffic {
  const registry = new Registry();
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: 1_000 });
  const subject = pipeline(
    { name: 'shop', clock },
    retry({ retries: 1, backoff: constant(5) }),
    breaker,
    timeout({ ms: 100 }),
    bulkhead({ concurrency: 1, queue: 1 }),
  );
  instrument([subject], { registry });
  let abandoned = work();
  const play = async (): Promise<void> => {
    // What is left of the last time ends.
    for (let i = 0; i < abandoned.calls.length; i++) {
      abandoned.resolve('late', i);
      await clock.advance(200);
    }
    breaker.close();
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
    abandoned = work();
    watch(subject.run(abandoned.operation));
    await clock.advance(150);
  };
  return { registry, play };
}

export async function fullRegistry(): Promise<Registry> {
  const { registry, play } = fullTraffic();
  await play();
  return registry;
}
