import { AsyncLocalStorage } from 'node:async_hooks';
import { constant, fallback, type Layer, pipeline, retry, timeout } from 'holdfast';
import { type LayerContractOptions, layerContract, type VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { BAD_LAYERS, type Telling } from './bad-layers.rows.ts';

const storage = new AsyncLocalStorage();

/** Listens to everything that a layer may tell. */
function listen(layer: Layer | Telling, listener: () => void): void {
  if (!('on' in layer)) {
    Object.assign(layer, { listener });
    return;
  }
  const { on } = layer as { on(type: string, listener: () => void): void };
  for (const type of ['retry', 'exhausted', 'timeout', 'fallback']) on.call(layer, type, listener);
  on.call(layer, 'listener-error', () => {});
}

describe('the contract of a layer is kept by', () => {
  describe.each<[string, (clock: VirtualClock) => Layer, LayerContractOptions?]>([
    ['a layer that does nothing', () => ({ around: (next) => next })],
    ['a retry', () => retry()],
    ['a retry at once', () => retry({ retries: 1, backoff: constant(0), budget: false })],
    ['a timeout', () => timeout({ ms: 800 })],
    ['a timeout that is shorter than anything else', () => timeout({ ms: 5 })],
    ['a timeout that waits for the operation', () => timeout({ ms: 800, mode: 'cooperate' })],
    ['a timeout of nothing', () => timeout({ ms: Infinity })],
    ['a fallback', () => fallback('plan b'), { replaces: 'errors' }],
    [
      'a fallback that fails',
      () => fallback(() => Promise.reject(new Error('plan b failed'))),
      { replaces: 'errors' },
    ],
    ['a pipeline', () => pipeline('inner', timeout({ ms: 5_000 }), retry(), timeout({ ms: 800 }))],
  ])('%s', (_, make, options) => {
    for (const { name, run } of layerContract(make, { ...options, storage, listen })) test(name, run);
  });
});

describe('the contract of a layer finds what breaks it', () => {
  test.each(BAD_LAYERS)('%s', async (law, make) => {
    const broken = layerContract(make, { storage, listen }).find(({ name }) => name === law);
    await expect(broken?.run()).rejects.toThrow(`${law}.\n  Expected: `);
  });

  test('for each of its laws', () => {
    const laws = layerContract(() => ({ around: (next) => next }), { storage, listen }).map(
      ({ name }) => name,
    );
    expect(laws.filter((law) => BAD_LAYERS.every(([broken]) => broken !== law))).toEqual([]);
  });
});

describe('a layer is held to no more than it says of itself:', () => {
  const lawsOf = (options?: LayerContractOptions) =>
    layerContract(() => ({ around: (next) => next }), options).map(({ name }) => name);
  const about = (what: string) => lawsOf().filter((law) => law.includes(what));
  const without = (options: LayerContractOptions) => {
    const left = lawsOf(options);
    return lawsOf().filter((law) => !left.includes(law));
  };

  test('one that replaces values need not pass them on', () => {
    expect(without({ replaces: 'values' })).toEqual(about('the very value'));
  });

  test('one that replaces errors need not pass them on, nor a rejection', () => {
    expect(without({ replaces: 'errors' })).toEqual([
      ...about('the very error'),
      ...about('the very Rejection'),
    ]);
  });

  test('one that replaces both passes on nothing', () => {
    expect(without({ replaces: 'both' })).toEqual([...about('the very'), ...about('apart')]);
  });

  test('the async context is looked at where there is something to see it with', () => {
    expect(lawsOf({ storage })).toEqual([
      ...lawsOf(),
      'a layer runs each operation in the async context of its own run',
    ]);
  });
});
