import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { track } from '../support/jobs.ts';
import { reply } from './acts.ts';
import type { Fault } from './faults.ts';
import { HttpServer } from './http-server.ts';
import { FaultProxy } from './proxy.ts';

vi.setConfig({ testTimeout: 30_000 });

let server: HttpServer;
let proxy: FaultProxy;
let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  server = await HttpServer.start();
  server.script = () => reply({ body: 'x'.repeat(100) });
  proxy = await FaultProxy.start({ port: server.port, clock });
});
afterEach(async () => {
  await proxy.close();
  await server.idle();
  await server.close();
  expect([proxy.open, clock.pendingTimers]).toEqual([0, 0]);
});

/** What fetch makes of it: the length of the text, or the code of the error, and whether the headers had come. */
async function outcome(init: RequestInit = {}): Promise<string> {
  let headers = '';
  try {
    const response = await fetch(proxy.url, init);
    headers = `${response.status} `;
    return headers + (await response.text()).length;
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { code?: string } };
    return headers + (cause?.code ?? name);
  }
}

it.each<[Fault, string, number]>([
  [{ kind: 'reset' }, 'ECONNRESET', 0],
  [{ kind: 'reset', after: { request: 1 } }, 'ECONNRESET', 0],
  [{ kind: 'reset', after: { response: 1 } }, 'ECONNRESET', 1],
  [{ kind: 'reset', after: { response: 100 } }, '200 ECONNRESET', 1],
  [{ kind: 'cut' }, 'UND_ERR_SOCKET', 0],
  [{ kind: 'cut', after: { request: 1 } }, 'UND_ERR_SOCKET', 0],
  [{ kind: 'cut', after: { response: 1 } }, 'UND_ERR_SOCKET', 1],
  [{ kind: 'cut', after: { response: 100 } }, '200 UND_ERR_SOCKET', 1],
  [{ kind: 'half-open', gone: 'client' }, 'UND_ERR_SOCKET', 0],
])('%j', async (fault, seen, served) => {
  proxy.use(fault);
  expect(await outcome()).toBe(seen);
  expect(server.total).toBe(served);
  proxy.use();
  expect(await outcome()).toBe('200 100');
});

it.each<[Fault, number]>([
  [{ kind: 'stall' }, 0],
  [{ kind: 'stall', after: { response: 0 } }, 1],
  [{ kind: 'stall', after: { response: 100 } }, 1],
  [{ kind: 'half-open', gone: 'target' }, 0],
  [{ kind: 'half-open', gone: 'target', after: { response: 100 } }, 1],
  [{ kind: 'delay', ms: 1_000 }, 0],
])('%j leaves the client to its time-out, and nothing behind', async (fault, served) => {
  proxy.use(fault);
  const abort = new AbortController();
  const fetched = track(outcome({ signal: abort.signal }));
  await proxy.until(() => proxy.open === 1);
  await server.until(() => server.total === served);
  expect(fetched.state).toBe('pending');
  abort.abort();
  if (fault.kind === 'delay') proxy.use(); // what it holds goes its way, the end too
  // undici makes another connection in the place of the one that it has closed.
  await proxy.until(() => proxy.open < proxy.total);
  expect(fetched.value).toMatch(/AbortError$/);
});

it('refuses', async () => {
  proxy.refuse();
  expect(await outcome()).toBe('ECONNREFUSED');
  await proxy.listen();
  expect(await outcome()).toBe('200 100');
});

it('resets a connection that the client has kept, on its next use', async () => {
  expect(await outcome()).toBe('200 100');
  proxy.strike({ kind: 'reset', after: { request: 1 } });
  // undici has not always one connection only.
  let seen = '200 100';
  while (seen === '200 100') seen = await outcome();
  expect(seen).toBe('ECONNRESET');
  expect(await outcome()).toBe('200 100');
});

it('survives a thousand requests with faults at random, and leaves nothing', async () => {
  const { random } = new VirtualClock({ seed: 7 });
  const upTo = (count: number): number => Math.floor(random() * count);
  proxy.plan = () => {
    const after = random() < 0.5 ? { request: upTo(400) } : { response: upTo(400) };
    const kind = (['reset', 'cut'] as const)[upTo(2)] ?? 'cut';
    return random() < 0.2 ? [] : [{ kind, after }];
  };
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome()));
    for (const each of outcomes) seen.add(each);
  }
  expect([...seen].sort()).toEqual([
    '200 100',
    '200 ECONNRESET',
    '200 UND_ERR_SOCKET',
    'ECONNRESET',
    'UND_ERR_SOCKET',
  ]);
});
