import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { bulkhead, type Call, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, looking } from './behaviour.ts';

const tenant = new AsyncLocalStorage<number>();
const TENANTS = 12;

/** Runs of many tenants, whose timers, places and aborts wake each other's; what each place saw of the store. */
async function mixed(clock: VirtualClock, place: string): Promise<void> {
  const seen: unknown[] = [];
  const look = (where: string, who: unknown): void => {
    if (where === place) seen.push([who, tenant.getStore()]);
  };
  const subject = pipeline(
    { name: 'p', clock, judge: (_, { context }) => look('judge', context) },
    fallback((_: unknown, { context }: Call) => look('fallback', context)),
    retry({ retries: 1, backoff: constant(30), budget: false }),
    timeout({ ms: 100 }),
    bulkhead({ concurrency: 2, queue: 50, queueTimeoutMs: 250 }),
  ).on('call', ({ context }) => look('report', context));

  for (let who = 1; who <= TENANTS; who++) {
    const caller = new AbortController();
    if (who % 4 === 0) clock.setTimer(who * 9, () => tenant.run(-1, () => caller.abort(who)));
    const operation = ({ signal, context }: Call) => {
      look('operation', context);
      signal.addEventListener('abort', () => look('abort listener', context));
      return new Promise((resolve, reject) => {
        const end = () => (who % 3 === 0 ? reject(DOWN) : resolve(who));
        // Whoever ends the work does so from a store of its own.
        tenant.run(-2, () => clock.setTimer(who * 17, end));
      });
    };
    tenant.run(who, () => void watch(subject.run(operation, { signal: caller.signal, context: who })));
  }
  await tenant.run(-3, () => clock.runAll());
  assert(seen.length > 0);
  for (const [who, store] of seen as [number, number][]) assert.equal(store, who);
}

export const asyncContext: Behaviour[] = [
  ...['operation', 'judge', 'fallback', 'abort listener', 'report'].flatMap((place) =>
    about(`the async context of its own run is what the ${place} sees`, {
      'where runs queue, time out, retry, abort and fall back in turns': (clock) => mixed(clock, place),
    }),
  ),
  ...about('the async context', {
    'is the same in each attempt': async (clock) => {
      const seen: unknown[] = [];
      const tries = retry({ retries: 2, backoff: constant(10), clock });
      const run = tenant.run(7, () => watch(tries.run(looking(() => seen.push(tenant.getStore()), fails))));
      await tenant.run(8, () => clock.runAll());
      assert.deepEqual([run.state, seen], ['rejected', [7, 7, 7]]);
    },
    'of a waiter is its own, not that of whoever freed the place': async (clock) => {
      const places = bulkhead({ concurrency: 1, queue: 1, clock });
      const permit = places.tryAcquire()!;
      const waiter = tenant.run(1, () => watch(places.run(() => tenant.getStore())));
      tenant.run(2, () => permit.release());
      await clock.advance(0);
      assert.equal(waiter.value, 1);
    },
    'of the caller goes on after the run': async () => {
      const after = await tenant.run(5, async () => {
        await retry().run(() => 1);
        return tenant.getStore();
      });
      assert.equal(after, 5);
    },
  }),
];
