/** When a call is really over: bodies, sockets, timers and listeners, on a real server and a clock moved by hand. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resilientFetch } from '../../../src/adapters/fetch/index.ts';
import { bulkhead, constant, pipeline, retry, TimeoutError, timeout } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { breakAt, reply } from '../../network/acts.ts';
import { HttpServer } from '../../network/http-server.ts';
import { countedSignal } from '../../support/counted-signal.ts';
import { watchTimers } from '../../support/watched-timers.ts';

let server: HttpServer;
let clock: VirtualClock;
beforeEach(async () => {
  server = await HttpServer.start();
  clock = new VirtualClock();
});
afterEach(() => server.close());

const STALL = { kind: 'stall' } as const;
const stalledBody = breakAt('body', STALL);

const through = (...policies: Parameters<typeof pipeline>[1][]) =>
  resilientFetch({ pipeline: pipeline({ name: 'api', clock }, ...policies) });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a response that is tried again', () => {
  const busy = (body: string) => {
    server.script = ({ nth, path }) =>
      reply(nth === 1 && path === '/' ? { status: 503, body } : { body: 'ok' });
  };

  test('gives its socket back while the retry waits', async () => {
    busy('busy'.repeat(1_000));
    const fetch = through(retry({ backoff: constant(1_000), budget: false }));
    const dispatcher = new Agent({ connections: 1 });
    const response = fetch(server.url, { dispatcher } as RequestInit);
    while (clock.pendingTimers === 0) await new Promise(setImmediate);
    // The sleep has begun. There is one socket, and this waits for it.
    await (await globalThis.fetch(`${server.url}/other`, { dispatcher } as RequestInit)).text();
    await clock.advance(1_000);
    expect(await (await response).text()).toBe('ok');
    expect(server.requests.map((request) => request.path)).toEqual(['/', '/other', '/']);
    expect(server.sockets.total).toBe(1);
    await dispatcher.close();
  });

  test('is cancelled where there is too much to read, and its socket closed', async () => {
    busy('x'.repeat(4_000_000));
    const fetch = through(retry({ backoff: constant(0), budget: false }));
    expect(await (await fetch(server.url)).text()).toBe('ok');
    await server.until(() => server.sockets.open === 1);
  });

  test('is cancelled where its body stalls', async () => {
    server.script = ({ nth }) =>
      nth > 1
        ? reply({ body: 'ok' })
        : [
            { kind: 'read' },
            { kind: 'write', bytes: 'HTTP/1.1 503 Busy\r\ncontent-length: 10\r\n\r\n01234' },
            STALL,
          ];
    const fetch = through(retry({ backoff: constant(0), budget: false }));
    expect(await (await fetch(server.url)).text()).toBe('ok');
    await server.until(() => server.deserted === 1);
  });
});

describe('the body', () => {
  test('frees the permits as soon as the headers are there', async () => {
    server.script = () => stalledBody;
    const places = bulkhead({ concurrency: 1 });
    const fetch = through(places);
    const first = await fetch(server.url);
    expect(places.inFlight).toBe(0);
    const second = await fetch(server.url);
    await Promise.all([first.body!.cancel(), second.body!.cancel()]);
  });

  test('is held to the deadline of the whole call, not to that of an attempt', async () => {
    server.script = () => stalledBody;
    const fetch = through(timeout({ ms: 5_000 }), retry(), timeout({ ms: 800 }));
    const response = await fetch(server.url);
    const text = response.text().catch((error: unknown) => error);
    await clock.advance(4_999);
    expect(server.deserted).toBe(0);
    await clock.advance(1);
    const error = await text;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ policy: 'body', pipeline: 'api', ms: 5_000, code: 'HOLDFAST_TIMEOUT' });
    await server.until(() => server.deserted === 1);
    await server.idle();
  });

  test('of an attempt with a timeout and no more is held to that', async () => {
    server.script = () => stalledBody;
    const response = await through(timeout({ ms: 800 }))(server.url);
    const text = response.text().catch((error: unknown) => error);
    await clock.advance(800);
    expect(await text).toBeInstanceOf(TimeoutError);
  });

  test("is aborted with the caller's reason, by identity, and its socket closed", async () => {
    server.script = () => stalledBody;
    const caller = countedSignal();
    const response = await through(timeout({ ms: 5_000 }))(server.url, { signal: caller.signal });
    expect(caller.standing).toBe(1);
    const text = response.text().catch((error: unknown) => error);
    const reason = new Error('gone');
    caller.abort(reason);
    expect(await text).toBe(reason);
    expect(caller.standing).toBe(0);
    await server.idle();
  });

  test.each<[string, (response: Response) => Promise<unknown>]>([
    ['read', (response) => response.text()],
    [
      'read by a reader',
      async ({ body }) => {
        for await (const _ of body!);
      },
    ],
    ['cancelled', (response) => response.body!.cancel()],
    ['cloned and read', (response) => Promise.all([response.clone().text(), response.text()])],
    ['piped', ({ body }) => body!.pipeTo(new WritableStream())],
  ])('once %s leaves no timer and no listener', async (_, use) => {
    server.script = () => reply({ body: 'x'.repeat(100_000) });
    const timers = watchTimers(clock);
    const caller = countedSignal();
    const response = await through(timeout({ ms: 5_000 }))(server.url, { signal: caller.signal });
    expect(timers.standing).toBe(1);
    await use(response);
    await new Promise(setImmediate);
    expect(caller.standing).toBe(0);
    expect(caller.most).toBe(1);
    expect(timers.standing).toBe(0);
  });

  test('that breaks off leaves none either', async () => {
    server.script = () => breakAt('body', { kind: 'reset' });
    const timers = watchTimers(clock);
    const caller = countedSignal();
    const response = await through(timeout({ ms: 5_000 }))(server.url, { signal: caller.signal });
    await expect(response.text()).rejects.toThrow('terminated');
    await new Promise(setImmediate);
    expect([caller.standing, timers.standing]).toEqual([0, 0]);
  });

  test('that nobody reads is closed when the response is collected, and leaves none', async () => {
    server.script = () => stalledBody;
    const timers = watchTimers(clock);
    const caller = countedSignal();
    const fetch = through(timeout({ ms: 5_000 }));
    await (async () => void (await fetch(server.url, { signal: caller.signal })))();
    expect(timers.standing).toBe(1);
    while (timers.standing > 0 || caller.standing > 0 || server.sockets.open > 0) {
      collectGarbage();
      await new Promise(setImmediate);
    }
  });

  test('there is none to wait for in an empty answer', async () => {
    server.script = () => reply({ status: 204 });
    const timers = watchTimers(clock);
    const caller = countedSignal();
    await through(timeout({ ms: 5_000 }))(server.url, { signal: caller.signal });
    expect([caller.standing, timers.standing]).toEqual([0, 0]);
  });

  test('which nobody reads does not keep the process alive', async () => {
    server.script = () => stalledBody;
    const response = await through(timeout({ ms: 5_000 }))(server.url);
    expect(clock.pendingTimers).toBe(0);
    await response.body!.cancel();
  });
});

describe('the socket is closed', () => {
  test.each(['answer', 'headers'] as const)('when a time-out comes before the %s', async (place) => {
    server.script = () => breakAt(place, STALL);
    const response = through(timeout({ ms: 100 }))(server.url);
    const settled = expect(response).rejects.toMatchObject({ code: 'HOLDFAST_TIMEOUT', policy: 'timeout' });
    await server.until(() => server.total === 1);
    await clock.advance(100);
    await settled;
    await server.idle();
    expect(server.deserted).toBe(1);
  });

  test('when the caller aborts before the answer', async () => {
    server.script = () => [STALL];
    const caller = countedSignal();
    const response = through(retry(), timeout({ ms: 100 }))(server.url, { signal: caller.signal });
    const reason = { why: 'gone' };
    const settled = response.catch((error: unknown) => error);
    await server.until(() => server.total === 1);
    caller.abort(reason);
    expect(await settled).toBe(reason);
    expect(caller.standing).toBe(0);
    await server.idle();
    expect(server.total).toBe(1);
  });

  test('when the signal of a Request aborts', async () => {
    server.script = () => [STALL];
    const controller = new AbortController();
    const response = through(timeout({ ms: 100 }))(new Request(server.url, { signal: controller.signal }));
    const reason = new Error('gone');
    const settled = response.catch((error: unknown) => error);
    await server.until(() => server.total === 1);
    controller.abort(reason);
    expect(await settled).toBe(reason);
    await server.idle();
  });
});

test('a call that was aborted before it began sends nothing', async () => {
  const reason = new Error('gone');
  const fetch = through(timeout({ ms: 100 }));
  await expect(fetch(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.total).toBe(0);
});
