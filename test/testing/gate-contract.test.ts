import { bulkhead, circuitBreaker, type Gate } from 'holdfast';
import {
  type ContractCase,
  type GateContractOptions,
  gateContract,
  type VirtualClock,
} from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { BAD_GATES, Breaker, Places, Telling } from './bad-gates.rows.ts';

/** Listens to everything that a gate may tell. */
function listen(gate: object, listener: () => void): void {
  if (gate instanceof Telling) gate.listener = listener;
  if (!('on' in gate)) return;
  const { on } = gate as { on(type: string, listener: () => void): void };
  for (const type of ['state', 'reject', 'stale', 'queue', 'abandon', 'reclaim'])
    on.call(gate, type, listener);
  on.call(gate, 'listener-error', () => {});
}

describe('the contract of a gate is kept by', () => {
  describe.each<[string, (clock: VirtualClock) => Gate]>([
    ['a gate that lets everybody in', () => ({ enter: () => undefined, leave: () => {} })],
    ['places with a simple queue', (clock) => new Places(clock)],
    ['a simple breaker', (clock) => new Breaker(clock)],
    ['a bulkhead', () => bulkhead({ concurrency: 2 })],
    ['a bulkhead with a queue', () => bulkhead({ concurrency: 2, queue: 20 })],
    [
      'a bulkhead without a limit of time',
      () => bulkhead({ concurrency: 3, queue: 5, queueTimeoutMs: Infinity }),
    ],
    ['a bulkhead that reclaims', () => bulkhead({ concurrency: 2, queue: 2, reclaimMs: 500 })],
    ['a bulkhead without a limit', () => bulkhead({ concurrency: 1_000 })],
    ['a circuit breaker', () => circuitBreaker()],
    [
      'a circuit breaker that counts calls',
      () => circuitBreaker({ window: { calls: 4 }, minimumCalls: 2, probes: 3 }),
    ],
    ['a circuit breaker for failures in a row', () => circuitBreaker({ consecutiveFailures: 3 })],
    ['a circuit breaker for slow calls', () => circuitBreaker({ slowCallMs: 5, minimumCalls: 5 })],
    ['a circuit breaker that only observes', () => circuitBreaker({ observeOnly: true })],
  ])('%s', (_, make) => {
    for (const { name, run } of gateContract(make, { listen })) test(name, run);
  });
});

const lawIn = (cases: readonly ContractCase[], law: string) => cases.find(({ name }) => name === law);

describe('the contract of a gate finds what breaks it', () => {
  test.each(BAD_GATES)('%s', async (law, Bad) => {
    const broken = lawIn(
      gateContract((clock) => new Bad(clock), { listen }),
      law,
    );
    await expect(broken?.run()).rejects.toThrow(`${law}.\n  Expected: `);
  });

  test('for each of its laws', () => {
    const laws = gateContract((clock) => new Places(clock), { listen }).map(({ name }) => name);
    expect(laws.filter((law) => BAD_GATES.every(([broken]) => broken !== law))).toEqual([]);
  });
});

describe('a gate that only its maker can bring to refuse', () => {
  class Switch implements Gate {
    refusal: Error | undefined = undefined;
    enter() {
      if (this.refusal) throw this.refusal;
    }
    leave() {}
  }
  const law = 'a gate refuses by returning a Rejection, and throws nothing from enter';
  const check = (options?: GateContractOptions<Switch>) =>
    lawIn(
      gateContract(() => new Switch(), options),
      law,
    )?.run();

  test('is not seen to refuse', async () => {
    await expect(check()).resolves.toBeUndefined();
  });

  test('is brought to it', async () => {
    const refuse = (gate: Switch) => {
      gate.refusal = new Error('off');
    };
    await expect(check({ refuse })).rejects.toThrow('Seen: enter threw Error: off.');
  });

  test('is not taken at its word if it does not', async () => {
    await expect(check({ refuse: () => {} })).rejects.toThrow('Expected: to see it refuse.');
  });
});
