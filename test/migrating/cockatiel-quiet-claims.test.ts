/** As cockatiel-claims.test.ts, for what the page says of differences that no dashboard shows. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as theirs from 'cockatiel';
import * as ours from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { hang, watch } from '../field/support.ts';

let clock: VirtualClock;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  clock = new VirtualClock();
});
afterEach(() => vi.useRealTimers());

const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await clock.advance(ms);
};

test('a timeout inside a bulkhead gives up on work that goes on: theirs gives its place away', async () => {
  const inside = theirs.wrap(theirs.bulkhead(1), theirs.timeout(10, theirs.TimeoutStrategy.Aggressive));
  const ourInside = ours.pipeline(
    { name: 'rows', clock },
    ours.bulkhead({ concurrency: 1 }),
    ours.timeout({ ms: 10 }),
  );
  const deaf = vi.fn(hang);
  const ourDeaf = vi.fn(hang);
  for (let call = 0; call < 5; call++) {
    watch(inside.execute(deaf));
    watch(ourInside.run(ourDeaf));
    await pass(10);
  }
  expect(deaf).toHaveBeenCalledTimes(5); // all of them still at work
  expect(ourDeaf).toHaveBeenCalledTimes(1);
});

test('the exponent is heeded by the decorrelated jitter only', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const second = (generator: theirs.GeneratorFn<never>, exponent: number) =>
    new theirs.ExponentialBackoff({ generator, exponent }).next().next(undefined).duration;
  const heeding = Object.entries(theirs).flatMap(([name, generator]) =>
    /Generator$/.test(name) && second(generator as never, 2) !== second(generator as never, 3) ? [name] : [],
  );
  vi.restoreAllMocks();
  expect(heeding).toEqual(['decorrelatedJitterGenerator']);
});

test('a fallback of theirs replaces a value that its filter handles, ours no value', async () => {
  const pending = (value: unknown) => value === 'pending';
  const run = await theirs.fallback(theirs.handleWhenResult(pending), 'stale').execute(() => 'pending');
  const judge: ours.Judge = ({ value }) => (pending(value) ? 'failure' : undefined);
  const ourRun = await ours.fallback('stale', { judge }).run(() => 'pending');
  expect([run, ourRun]).toEqual(['stale', 'pending']);
});

test('a body is read after a call that succeeded inside a timeout: theirs has aborted it, ours has not', async () => {
  vi.useRealTimers();
  const parts: ServerResponse[] = [];
  const server = createServer((_, response) => {
    response.write('first ');
    parts.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = ({ signal }: { readonly signal: AbortSignal }) => fetch(url, { signal });

  const response = await theirs.timeout(60_000, theirs.TimeoutStrategy.Aggressive).execute(get);
  const ourResponse = await ours.timeout({ ms: 60_000 }).run(get);
  for (const part of parts) part.end('second');
  await expect(response.text()).rejects.toThrow('aborted');
  expect(await ourResponse.text()).toBe('first second');
});
