import { AsyncLocalStorage } from 'node:async_hooks';
import { bulkhead, constant, fallback, type Judge, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { watch } from '../support/spies.ts';

const tenant = new AsyncLocalStorage<number>();

/** What was seen of the store, by place: `who` is the tenant whose code it should have been. */
class Seen {
  readonly wrong: string[] = [];
  readonly places = new Set<string>();
  check(place: string, who: unknown): void {
    this.places.add(place);
    const store = tenant.getStore();
    if (store !== who) this.wrong.push(`${place} of ${String(who)} ran as ${String(store)}`);
  }
}

function subjectOf(seen: Seen, clock: VirtualClock) {
  const judge: Judge = (_, { context }) => void seen.check('judge', context);
  const answer = (_: unknown, { context }: { context: unknown }): string => {
    seen.check('fallback', context);
    return 'plan b';
  };
  const subject = pipeline(
    { name: 'p', clock, judge },
    fallback(answer),
    retry({ retries: 1, backoff: constant(30), budget: false }),
    timeout({ ms: 100 }),
    bulkhead({ concurrency: 3, queue: 100, queueTimeoutMs: 250 }),
  );
  subject.on('call', ({ context }) => seen.check('report', context));
  return subject;
}

describe('operation, judge, fallback, abort listeners and report listeners see the store of their own run', () => {
  test('while they queue, time out, retry, abort and fall back in turns', async () => {
    const clock = new VirtualClock({ seed: 7 });
    const seen = new Seen();
    const subject = subjectOf(seen, clock);
    const runs = Array.from({ length: 200 }, (_, who) =>
      tenant.run(who, () => {
        const controller = new AbortController();
        if (who % 5 === 0)
          clock.setTimer(clock.random() * 200, () => tenant.run(-1, () => controller.abort(who)));
        const operation = ({ signal, context }: { signal: AbortSignal; context: unknown }) => {
          seen.check('operation', context);
          signal.addEventListener('abort', () => seen.check('abort listener', context));
          return new Promise((resolve, reject) => {
            const ms = clock.random() * 150;
            // Whoever ends the work does so from a store of its own.
            const end = who % 3 === 0 ? reject : resolve;
            tenant.run(-2, () => clock.setTimer(ms, () => end(new Error('end'))));
          });
        };
        return watch(subject.run(operation, { signal: controller.signal, context: who }));
      }),
    );
    await tenant.run(-3, () => clock.runAll());
    expect(runs.filter(({ state }) => state === 'pending')).toEqual([]);
    expect(seen.wrong).toEqual([]);
    expect([...seen.places].sort()).toEqual(['abort listener', 'fallback', 'judge', 'operation', 'report']);
  });

  test('a backoff sees the store of the run that retries', async () => {
    const clock = new VirtualClock();
    const stores: unknown[] = [];
    const backoff = (): number => {
      stores.push(tenant.getStore());
      return 0;
    };
    const subject = retry({ retries: 1, backoff, clock });
    const run = tenant.run(5, () => watch(subject.run(() => Promise.reject(new Error('boom')))));
    await tenant.run(-1, () => clock.runAll());
    expect(run.state).toBe('rejected');
    expect(stores).toEqual([5]);
  });

  test('a call that is handed a place runs in its own store, not in that of whoever left', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 1, queue: 1, clock });
    const permit = places.tryAcquire();
    const stores: unknown[] = [];
    const run = tenant.run(1, () => watch(places.run(() => stores.push(tenant.getStore()))));
    tenant.run(2, () => permit?.release());
    await clock.advance(0);
    expect(run.state).toBe('fulfilled');
    expect(stores).toEqual([1]);
  });

  test('whoever awaits the run comes back to his own store', async () => {
    const clock = new VirtualClock();
    const subject = timeout({ ms: 10, clock });
    const stores: unknown[] = [];
    const waiting = [1, 2, 3].map((who) =>
      tenant.run(who, async () => {
        await subject.run(() => new Promise(() => {})).catch(() => {});
        stores.push(tenant.getStore());
      }),
    );
    await tenant.run(-1, () => clock.advance(10));
    await Promise.all(waiting);
    expect(stores).toEqual([1, 2, 3]);
  });
});
