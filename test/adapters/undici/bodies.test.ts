/** When a request is really over: bodies, sockets, timers and listeners, on a real server and a clock moved by hand. */
import { Writable } from 'node:stream';
import { Agent, type Dispatcher, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resilience } from '../../../src/adapters/undici/index.ts';
import { bulkhead, constant, pipeline, retry, TimeoutError, timeout } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { breakAt, reply } from '../../network/acts.ts';
import { HttpServer } from '../../network/http-server.ts';
import { countedSignal } from '../../support/counted-signal.ts';
import { watchTimers } from '../../support/watched-timers.ts';

let server: HttpServer;
let clock: VirtualClock;
let agent: Agent;
beforeEach(async () => {
  server = await HttpServer.start();
  clock = new VirtualClock();
  agent = new Agent({ connections: 1 });
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

const STALL = { kind: 'stall' } as const;
const stalledBody = breakAt('body', STALL);

const through = (...policies: Parameters<typeof pipeline>[1][]): Dispatcher =>
  agent.compose(resilience({ pipeline: pipeline({ name: 'api', clock }, ...policies) }));

type Init = Partial<Dispatcher.RequestOptions>;

const get = (dispatcher: Dispatcher, init: Init = {}) =>
  dispatcher.request({ origin: server.url, path: '/', method: 'GET', ...init });

const errorOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('a response that is tried again', () => {
  const busy = (body: string) => {
    server.script = ({ nth, path }) =>
      reply(nth === 1 && path === '/' ? { status: 503, body } : { body: 'ok' });
  };

  test('gives its socket back while the retry waits', async () => {
    busy('busy'.repeat(1_000));
    const response = get(through(retry({ backoff: constant(1_000), budget: false })));
    while (clock.pendingTimers === 0) await new Promise(setImmediate);
    // The sleep has begun. There is one socket, and this waits for it.
    await (await get(agent, { path: '/other' })).body.text();
    await clock.advance(1_000);
    expect(await (await response).body.text()).toBe('ok');
    expect(server.requests.map((request) => request.path)).toEqual(['/', '/other', '/']);
    expect(server.sockets.total).toBe(1);
  });

  test.each(['with a length', 'in chunks'])(
    'is aborted where there is too much to read, and its socket closed: %s',
    async (how) => {
      busy('x'.repeat(4_000_000));
      if (how === 'in chunks') {
        const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
        const bytes = `HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(60)}0\r\n\r\n`;
        server.script = ({ nth }) =>
          nth > 1 ? reply({ body: 'ok' }) : [{ kind: 'read' }, { kind: 'write', bytes }];
      }
      const response = await get(through(retry({ backoff: constant(0), budget: false })));
      expect(await response.body.text()).toBe('ok');
      await server.until(() => server.sockets.open === 1);
      expect(server.sockets.total).toBe(2);
    },
  );

  test('is aborted where its body stalls', async () => {
    server.script = ({ nth }) =>
      nth > 1
        ? reply({ body: 'ok' })
        : [
            { kind: 'read' },
            { kind: 'write', bytes: 'HTTP/1.1 503 Busy\r\ncontent-length: 10\r\n\r\n01234' },
            STALL,
          ];
    const response = await get(through(retry({ backoff: constant(0), budget: false })));
    expect(await response.body.text()).toBe('ok');
    await server.until(() => server.deserted === 1);
  });

  test('and breaks off is the last answer all the same: its start, then its error', async () => {
    server.script = () => [
      { kind: 'read' },
      { kind: 'write', bytes: 'HTTP/1.1 503 Busy\r\ncontent-length: 10\r\n\r\n01234' },
      { kind: 'reset' },
    ];
    const { statusCode, body } = await get(through(retry({ retries: 0 })));
    expect(statusCode).toBe(503);
    const chunks: unknown[] = [];
    const read = async () => {
      for await (const chunk of body) chunks.push(String(chunk));
    };
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('the body', () => {
  test('frees the permits as soon as the headers are there', async () => {
    server.script = () => stalledBody;
    const places = bulkhead({ concurrency: 1 });
    const { body } = await get(through(places));
    expect(places.inFlight).toBe(0);
    body.on('error', () => {});
    body.destroy();
    await server.idle();
  });

  test('is held to the deadline of the whole call, not to that of an attempt', async () => {
    server.script = () => stalledBody;
    const { body } = await get(through(timeout({ ms: 5_000 }), retry(), timeout({ ms: 800 })));
    const text = errorOf(body.text());
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
    const { body } = await get(through(timeout({ ms: 800 })));
    const text = errorOf(body.text());
    await clock.advance(800);
    expect(await text).toBeInstanceOf(TimeoutError);
  });

  test('that has come, but is not read, is held to it too', async () => {
    server.script = () => reply({ status: 503, body: 'x'.repeat(50_000) });
    const { body } = await get(through(timeout({ ms: 800 })), { highWaterMark: 1_000 });
    await clock.advance(800);
    expect(await errorOf(body.text())).toBeInstanceOf(TimeoutError);
  });

  test("is aborted with the caller's reason, by identity, and its socket closed", async () => {
    server.script = () => stalledBody;
    const timers = watchTimers(clock);
    const caller = countedSignal();
    const { body } = await get(through(timeout({ ms: 5_000 })), { signal: caller.signal });
    const text = errorOf(body.text());
    const reason = new Error('gone');
    caller.abort(reason);
    expect(await text).toBe(reason);
    expect([caller.standing, timers.standing]).toEqual([0, 0]);
    await server.idle();
  });

  test.each<[string, (dispatcher: Dispatcher, init: Init) => Promise<unknown>]>([
    ['read', async (dispatcher, init) => (await get(dispatcher, init)).body.text()],
    [
      'read piece by piece',
      async (dispatcher, init) => {
        for await (const _ of (await get(dispatcher, { ...init, highWaterMark: 1_000 })).body);
      },
    ],
    ['dumped', async (dispatcher, init) => (await get(dispatcher, init)).body.dump()],
    [
      'destroyed',
      async (dispatcher, init) => {
        const { body } = await get(dispatcher, init);
        const closed = new Promise((resolve) => body.on('error', () => {}).once('close', resolve));
        body.destroy();
        await closed;
      },
    ],
    [
      'written to a slow stream',
      async (dispatcher, init) =>
        dispatcher.stream(
          { origin: server.url, path: '/', method: 'GET', ...init },
          () => new Writable({ highWaterMark: 10, write: (_, __, done) => setImmediate(done) }),
        ),
    ],
    [
      'read by fetch',
      async (dispatcher, { signal }) =>
        (await undiciFetch(server.url, { dispatcher, signal: signal as AbortSignal })).text(),
    ],
    [
      'cancelled by fetch',
      async (dispatcher, { signal }) =>
        (await undiciFetch(server.url, { dispatcher, signal: signal as AbortSignal })).body!.cancel(),
    ],
  ])('once %s leaves no timer and no listener', async (_, use) => {
    server.script = () => reply({ body: 'x'.repeat(1_000_000) });
    const timers = watchTimers(clock);
    const caller = countedSignal();
    await use(through(timeout({ ms: 5_000 })), { signal: caller.signal });
    await new Promise(setImmediate);
    expect(timers.standing).toBe(0);
    // fetch itself keeps a listener until its request is collected.
    const plain = countedSignal();
    await use(agent, { signal: plain.signal });
    await new Promise(setImmediate);
    expect([caller.standing, caller.most]).toEqual([plain.standing, plain.most]);
  });

  test('that breaks off leaves none either', async () => {
    server.script = () => breakAt('body', { kind: 'reset' });
    const timers = watchTimers(clock);
    const caller = countedSignal();
    const { body } = await get(through(timeout({ ms: 5_000 })), { signal: caller.signal });
    await expect(body.text()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await new Promise(setImmediate);
    expect([caller.standing, timers.standing]).toEqual([0, 0]);
  });

  test('there is none to wait for in an empty answer', async () => {
    server.script = () => reply({ status: 204 });
    const timers = watchTimers(clock);
    const { body } = await get(through(timeout({ ms: 5_000 })));
    await body.text();
    expect(timers.standing).toBe(0);
  });

  test('which nobody reads does not keep the process alive', async () => {
    server.script = () => stalledBody;
    await get(through(timeout({ ms: 5_000 })));
    expect(clock.pendingTimers).toBe(0);
  });

  test('of a megabyte comes whole, however slowly it is read', async () => {
    const sent = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join('');
    server.script = () => reply({ body: sent });
    const { body } = await get(through(timeout({ ms: 5_000 })), { highWaterMark: 100 });
    let text = '';
    for await (const chunk of body) {
      text += chunk;
      await new Promise(setImmediate);
    }
    expect(text).toBe(sent);
  });
});

describe('the socket is closed', () => {
  test.each(['answer', 'headers'] as const)('when a time-out comes before the %s', async (place) => {
    server.script = () => breakAt(place, STALL);
    const response = get(through(timeout({ ms: 100 })));
    const settled = expect(response).rejects.toMatchObject({ code: 'HOLDFAST_TIMEOUT', policy: 'timeout' });
    await server.until(() => server.total === 1);
    await clock.advance(100);
    await settled;
    await server.idle();
    expect(server.deserted).toBe(1);
  });

  test('when a timeout that cooperates asks for it', async () => {
    server.script = () => breakAt('headers', STALL);
    const response = errorOf(get(through(timeout({ ms: 100, mode: 'cooperate' }))));
    await server.until(() => server.total === 1);
    await clock.advance(100);
    expect(await response).toBeInstanceOf(TimeoutError);
    await server.idle();
  });

  test('when the caller aborts before the answer', async () => {
    server.script = () => [STALL];
    const caller = countedSignal();
    const response = errorOf(get(through(retry(), timeout({ ms: 100 })), { signal: caller.signal }));
    const reason = new Error('gone');
    await server.until(() => server.total === 1);
    caller.abort(reason);
    expect(await response).toBe(reason);
    expect(caller.standing).toBe(0);
    await server.idle();
    expect(server.total).toBe(1);
  });

  test.each<[string, (dispatcher: Dispatcher, signal: AbortSignal) => Promise<unknown>]>([
    ['of undici', (dispatcher, signal) => undiciFetch(server.url, { dispatcher, signal })],
    ['of the runtime', (dispatcher, signal) => fetch(server.url, { dispatcher, signal } as RequestInit)],
  ])('when the caller of fetch %s aborts', async (_, send) => {
    server.script = () => [STALL];
    const caller = new AbortController();
    const response = errorOf(send(through(retry()), caller.signal));
    const reason = new Error('gone');
    await server.until(() => server.total === 1);
    caller.abort(reason);
    expect(await response).toBe(reason);
    await server.idle();
  });
});

test('a caller who aborts while the retry waits ends it at once', async () => {
  server.script = () => reply({ status: 503 });
  const caller = new AbortController();
  const dispatcher = through(retry({ backoff: constant(1_000), budget: false }));
  const response = errorOf(get(dispatcher, { signal: caller.signal }));
  while (clock.pendingTimers === 0) await new Promise(setImmediate);
  const reason = new Error('gone');
  caller.abort(reason);
  expect(await response).toBe(reason);
  expect(clock.pendingTimers).toBe(0);
  expect(server.total).toBe(1);
});

test('a request that waits in undici for a socket is given up at its time-out, and never sent', async () => {
  server.script = ({ path }) => (path === '/slow' ? [{ kind: 'hold' }, ...reply()] : reply());
  const slow = get(agent, { path: '/slow' });
  await server.until(() => server.total === 1);
  const places = bulkhead({ concurrency: 1 });
  const waits = errorOf(get(through(timeout({ ms: 100 }), places)));
  await clock.advance(100);
  expect(await waits).toBeInstanceOf(TimeoutError);
  expect(places.inFlight).toBe(0);
  server.letGo();
  await (await slow).body.text();
  await (await get(agent, { path: '/next' })).body.text();
  expect(server.requests.map(({ path }) => path)).toEqual(['/slow', '/next']);
});

test('a request that was aborted before it began sends nothing', async () => {
  const reason = new Error('gone');
  const dispatcher = through(timeout({ ms: 100 }));
  await expect(get(dispatcher, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.total).toBe(0);
});
