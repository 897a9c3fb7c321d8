import { AsyncLocalStorage } from 'node:async_hooks';
import * as cockatiel from 'cockatiel';
import { bulkhead, fallback, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { cockatielRunner } from './cockatiel/subjects.ts';
import { type Call, deferred, fail, hang, ignoringErrors, type Runner, watch } from './support.ts';

/** Who is being served: what a trace or a tenant is in a service. */
const tenant = new AsyncLocalStorage<string>();

/** Notes in whose name each piece of the user's code ran. */
function notebook() {
  const seen: Record<string, string | undefined> = {};
  return {
    seen,
    note: (what: string) => {
      seen[what] = tenant.getStore();
    },
  };
}

const TENANTS = ['red', 'green', 'blue'] as const;

/** Moves the time in the name of nobody's call, as a timer of somebody else's would. */
const advance = (clock: VirtualClock, ms: number) => tenant.run('the timer', () => clock.advance(ms));

describe('p-queue #200, bottleneck #211: an operation waits in a queue until another ends', () => {
  async function script(runner: Runner) {
    const { seen, note } = notebook();
    const work = deferred();
    const first = tenant.run('red', () => runner.run(() => work.promise));
    const queued = TENANTS.slice(1).map((name) =>
      tenant.run(name, () =>
        runner.run(async () => {
          note(name);
          await Promise.resolve();
          note(`${name}, later`);
        }),
      ),
    );
    tenant.run('whoever ends the work', () => work.resolve('done'));
    await Promise.all([first, ...queued]);
    return seen;
  }

  test('holdfast runs each in the context of its own caller', async () => {
    const runner = bulkhead({ concurrency: 1, queue: 10, clock: new VirtualClock() });
    expect(await script(runner)).toEqual({
      green: 'green',
      'green, later': 'green',
      blue: 'blue',
      'blue, later': 'blue',
    });
  });

  test('cockatiel, one of the others, runs them in the context of whoever made room', async () => {
    expect(await script(cockatielRunner(cockatiel.bulkhead(1, 10)))).toEqual({
      green: 'red',
      'green, later': 'red',
      blue: 'red',
      'blue, later': 'red',
    });
  });
});

describe('async context: a place in the queue is freed by something else than an end', () => {
  async function queuedBehindHungWork() {
    const clock = new VirtualClock();
    const policy = bulkhead({ concurrency: 1, queue: 10, queueTimeoutMs: 60_000, clock });
    const { seen, note } = notebook();
    watch(tenant.run('red', () => policy.run(hang)));
    const run = (name: string, signal?: AbortSignal) =>
      watch(tenant.run(name, () => policy.run(() => note(name), signal ? { signal } : {})));
    return { clock, policy, seen, run };
  }

  test('an operator makes room: each who waited runs in its own context', async () => {
    const { clock, policy, seen, run } = await queuedBehindHungWork();
    run('green');
    run('blue');
    await clock.advance(0);
    tenant.run('the operator', () => policy.resize({ concurrency: 3 }));
    await clock.advance(0);
    expect(seen).toEqual({ green: 'green', blue: 'blue' });
  });

  test('one who waits aborts: the next still runs in its own context', async () => {
    const { clock, policy, seen, run } = await queuedBehindHungWork();
    const caller = new AbortController();
    const green = run('green', caller.signal);
    run('blue');
    await clock.advance(0);
    tenant.run('red', () => caller.abort());
    await clock.advance(0);
    tenant.run('the operator', () => policy.resize({ concurrency: 2 }));
    await clock.advance(0);
    expect(green.status).toBe('rejected');
    expect(seen).toEqual({ blue: 'blue' });
  });
});

describe('async context: attempts that follow a sleep', () => {
  test('operation, judge, backoff and fallback each run in the context of their own call', async () => {
    const clock = new VirtualClock();
    const { seen, note } = notebook();
    const name = () => tenant.getStore() ?? 'nobody';
    const policy = pipeline(
      'payments',
      fallback((_error, { context }) => note(`fallback of ${String(context)}`)),
      retry({
        retries: 2,
        backoff: (number, _history) => {
          note(`backoff ${number} of ${name()}`);
          return 100;
        },
        judge: (_outcome, { attempt, context }) => {
          note(`judge ${attempt} of ${String(context)}`);
          return undefined;
        },
        budget: false,
        clock,
      }),
    );
    for (const tenantName of TENANTS)
      watch(
        tenant.run(tenantName, () =>
          policy.run(
            ({ attempt, context }) => {
              note(`operation ${attempt} of ${String(context)}`);
              return fail();
            },
            { context: tenantName },
          ),
        ),
      );
    await advance(clock, 1_000);
    const whats = TENANTS.flatMap((of) => [
      `fallback of ${of}`,
      ...[1, 2].map((number) => `backoff ${number} of ${of}`),
      ...[1, 2, 3].flatMap((attempt) => [`operation ${attempt} of ${of}`, `judge ${attempt} of ${of}`]),
    ]);
    expect(seen).toEqual(Object.fromEntries(whats.map((what) => [what, what.split(' ').at(-1)])));
  });
});

describe('async context: many calls share one timer', () => {
  test('each abort listener, fallback and report runs in the context of its own call', async () => {
    const clock = new VirtualClock();
    const { seen, note } = notebook();
    const policy = pipeline(
      'payments',
      fallback((_error, { context }) => note(`fallback of ${String(context)}`)),
      timeout({ ms: 100, clock }),
    );
    policy.on('call', ({ context }) => note(`report of ${String(context)}`));
    const operation = ({ signal, context }: Call & { readonly context: unknown }) => {
      signal.addEventListener('abort', () => note(`abort listener of ${String(context)}`));
      return hang();
    };
    for (const name of TENANTS) watch(tenant.run(name, () => policy.run(operation, { context: name })));
    await advance(clock, 100);
    const whats = TENANTS.flatMap((of) => [
      `abort listener of ${of}`,
      `fallback of ${of}`,
      `report of ${of}`,
    ]);
    expect(seen).toEqual(Object.fromEntries(whats.map((what) => [what, what.split(' ').at(-1)])));
  });

  test('one whose wait in the queue ran out falls back in its own context', async () => {
    const clock = new VirtualClock();
    const { seen, note } = notebook();
    const policy = pipeline(
      'payments',
      fallback((_error, { context }) => note(String(context))),
      bulkhead({ concurrency: 1, queue: 10, queueTimeoutMs: 100, clock }),
    );
    watch(tenant.run('red', () => policy.run(hang, { context: 'red' })));
    for (const name of ['green', 'blue'])
      watch(tenant.run(name, () => policy.run(() => note('must not run'), { context: name })));
    await advance(clock, 100);
    expect(seen).toEqual({ green: 'green', blue: 'blue' });
  });
});

describe("async context: one caller aborts from another caller's code", () => {
  test('the abort listener of the operation runs in the context of its own call', async () => {
    const clock = new VirtualClock();
    const { seen, note } = notebook();
    const policy = pipeline('payments', retry({ retries: 2, clock }), timeout({ ms: 100, clock }));
    const caller = new AbortController();
    const run = tenant.run('green', () =>
      policy.run(
        ({ signal }) => {
          signal.addEventListener('abort', () => note('abort listener'));
          return hang();
        },
        { signal: caller.signal },
      ),
    );
    await clock.advance(0);
    tenant.run('red', () => caller.abort());
    await ignoringErrors(run);
    await clock.advance(0);
    expect(seen).toEqual({ 'abort listener': 'green' });
  });
});
