// Whoever observes goes by what it was told when it was told: not by what becomes of the options, and not after a stop.
import { keyed, pipeline } from 'holdfast';
import { observe } from 'holdfast/observe';
import { instrument } from 'holdfast/prometheus';
import { VirtualClock } from 'holdfast/testing';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

const linesOf = async (registry: Registry, name: string): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'));

test('buckets that change after `instrument` change no histogram', async () => {
  const registry = new Registry();
  const buckets = [1, 2];
  const subject = pipeline({ name: 'p', clock: new VirtualClock() });
  instrument([subject], { registry, buckets });
  await subject.run(() => 'before');
  buckets.push(0.5);
  await subject.run(() => 'after');
  const bounds = (await linesOf(registry, 'holdfast_call_duration_seconds_bucket')).map(
    (line) => /le="([^"]+)"/.exec(line)?.[1],
  );
  expect(bounds).toEqual(['1', '2', '+Inf']);
  expect(() => instrument([subject], { registry, buckets: [1, 2] })).not.toThrow();
});

test('labels that change after `instrument` are not those of keys that come later', async () => {
  const registry = new Registry();
  const labels: Record<string, string> = { team: 'a' };
  const hosts = keyed((host) => pipeline(host), { name: 'hosts' });
  instrument([hosts], { registry, labels, keys: 1 });
  Object.assign(labels, { team: 'b', pipeline: 'another' });
  await hosts.run('a.example', () => 'answer');
  expect(await linesOf(registry, 'holdfast_calls_total')).toEqual([
    'holdfast_calls_total{pipeline="hosts",key="a.example",team="a",outcome="success"} 1',
  ]);
});

test('a run that ends after `stop` is in no statistics', async () => {
  const clock = new VirtualClock();
  const subject = pipeline({ name: 'p', clock });
  const { snapshot, stop } = observe(subject);
  const run = subject.run(() => new Promise<void>((done) => void clock.setTimer(100, done)));
  stop();
  await clock.advance(100);
  await run;
  expect(snapshot().last10s.calls).toBe(0);
});
