import { type CircuitBreaker, circuitBreaker, pipeline, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { ending, fail, hang, ignoringErrors, type Watched, watch } from './support.ts';

/** Go libraries, so that only our half of each script can run here. */

describe('gobreaker: a listener of a state change uses the breaker', () => {
  const make = () => circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock: new VirtualClock() });

  test('its calls are answered by the new state', async () => {
    const breaker = make();
    const nested: Promise<Watched>[] = [];
    const read: unknown[] = [];
    breaker.on('state', ({ to }) => {
      read.push(to, breaker.state, breaker.stats.openings, breaker.retryAfterMs);
      nested.push(ending(breaker.run(() => 'fine')));
    });
    const run = await ending(breaker.run(fail));
    expect(run.status).toBe('rejected');
    expect(read).toEqual(['open', 'open', 1, 1_000]);
    expect((await nested[0])?.error).toMatchObject({ code: 'HOLDFAST_CIRCUIT_OPEN' });
  });

  const changes: Readonly<Record<string, (breaker: CircuitBreaker) => void>> = {
    close: (breaker) => breaker.close(),
    open: (breaker) => breaker.open(),
    isolate: (breaker) => breaker.isolate('by the listener'),
    snapshot: (breaker) => void breaker.snapshot(),
  };
  const after: Readonly<Record<string, string>> = {
    close: 'closed',
    open: 'open',
    isolate: 'isolated',
    snapshot: 'open',
  };

  test.each(Object.keys(changes))('it may call `%s`, once, without a deadlock or a loop', async (method) => {
    const breaker = make();
    const seen: string[] = [];
    breaker.on('state', ({ from, to }) => {
      seen.push(`${from} to ${to}`);
      if (seen.length === 1) changes[method]?.(breaker);
    });
    expect((await ending(breaker.run(fail))).status).toBe('rejected');
    expect(breaker.state).toBe(after[method]);
    expect(seen[0]).toBe('closed to open');
    expect(seen.length).toBeLessThanOrEqual(2);
  });
});

describe("failsafe-go: the caller's own cancel", () => {
  const reason = new Error('the user has left');

  async function cancelled(run: (signal: AbortSignal) => Promise<unknown>) {
    const caller = new AbortController();
    const seen = watch(run(caller.signal));
    caller.abort(reason);
    await ignoringErrors(new VirtualClock().advance(0));
    return seen;
  }

  test('is no failure to the breaker, whether or not the operation listens to it', async () => {
    const breaker = circuitBreaker({
      consecutiveFailures: 1,
      lowTrafficFailures: 1,
      clock: new VirtualClock(),
    });
    const deaf = await cancelled((signal) => breaker.run(hang, { signal }));
    const listening = await cancelled((signal) =>
      breaker.run(
        (call) => new Promise((_, no) => call.signal.addEventListener('abort', () => no(call.signal.reason))),
        {
          signal,
        },
      ),
    );
    expect([deaf.error, listening.error]).toEqual([reason, reason]);
    expect(breaker.stats).toMatchObject({ calls: 0, failures: 0 });
    expect(breaker.state).toBe('closed');
  });

  test('is not retried, and no failure to a breaker inside a retry', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
    const payments = pipeline('payments', retry({ retries: 3, clock }), breaker);
    let calls = 0;
    const operation = () => {
      calls++;
      return hang();
    };
    expect((await cancelled((signal) => payments.run(operation, { signal }))).error).toBe(reason);
    await clock.advance(60_000);
    expect({ calls, state: breaker.state, counted: breaker.stats.calls }).toEqual({
      calls: 1,
      state: 'closed',
      counted: 0,
    });
  });
});
