// The keys that have a label of their own are the first of a keyed, and not the first of each call of `instrument`.
import { keyed, pipeline } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

function setUp() {
  const registry = new Registry();
  instrument([pipeline('others')], { registry }); // keeps the metrics in the registry
  const hosts = keyed((host) => pipeline(host), { name: 'hosts', max: 1 });
  const watch = () => instrument([hosts], { registry, keys: 2 });
  const ask = async (...names: string[]) => {
    for (const name of names) await hosts.run(name, () => 'answer');
  };
  const counted = async () => {
    const calls = await registry.getSingleMetric('holdfast_calls_total')?.get();
    const ofKeys = (calls?.values ?? []).filter(
      ({ labels, value }) => labels.pipeline === 'hosts' && value > 0,
    );
    return Object.fromEntries(ofKeys.map(({ labels, value }) => [(labels as { key?: string }).key, value]));
  };
  return { watch, ask, counted };
}

test('one who stops and comes again gives no further keys a label, and keys keep theirs', async () => {
  const { watch, ask, counted } = setUp();
  for (const names of [['a', 'b', 'c'], ['d', 'e', 'a'], ['f']]) {
    const stop = watch();
    await ask(...names);
    stop();
  }
  expect(await counted()).toEqual({ a: 2, b: 1, other: 4 });
});

test('nor does one who comes before the other has stopped', async () => {
  const { watch, ask, counted } = setUp();
  const stop = watch();
  await ask('a', 'b', 'c');
  watch();
  stop();
  await ask('d', 'e', 'a');
  expect(await counted()).toEqual({ a: 2, b: 1, other: 3 });
});
