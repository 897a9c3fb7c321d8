/** The contract suites are plain data too, and have to say the same on every runtime. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { bulkhead, type Gate, type Layer, retry } from 'holdfast';
import { type ContractCase, gateContract, layerContract } from 'holdfast/testing';
import { about, type Behaviour } from './behaviour.ts';

const keeps = (subject: string, cases: readonly ContractCase[]): Behaviour[] =>
  about(
    `the contract is kept by ${subject}`,
    Object.fromEntries(cases.map(({ name, run }) => [name, () => run()])),
  );

/** The case for this law rejects. */
const breaks = (cases: readonly ContractCase[], law: string) => () =>
  assert.rejects(cases.find(({ name }) => name === law)?.run() ?? assert.fail(law), {
    message: new RegExp(`^${law}\\.\n`),
  });

const careless: Gate = {
  enter: () => undefined,
  leave: async () => Promise.reject(new Error('the metrics are down')),
};
const mirroring: Layer = {
  around: (next) => (operation, call) => {
    const answer = next(operation, call);
    void next(operation, call);
    return answer;
  },
};

export const contracts: Behaviour[] = [
  ...keeps(
    'a bulkhead',
    gateContract(() => bulkhead({ concurrency: 2, queue: 4 })),
  ),
  ...keeps(
    'a retry',
    layerContract(() => retry(), { storage: new AsyncLocalStorage() }),
  ),
  ...about('the contract is broken by', {
    'a gate that leaves a promise alone': breaks(
      gateContract(() => careless),
      'a gate leaves no promise to reject without a handler',
    ),
    'a layer that leaves a promise alone': breaks(
      layerContract(() => mirroring),
      'a layer leaves no promise to reject without a handler',
    ),
  }),
];
