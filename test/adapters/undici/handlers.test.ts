/** What handlers of undici are told, in the API of undici 7 and in the one before it, and what they can do. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Agent, type Dispatcher, errors, MockAgent, WebSocket } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resilience } from '../../../src/adapters/undici/index.ts';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Pipeline,
  pipeline,
  retry,
  timeout,
} from '../../../src/index.ts';
import { breakAt, interim, reply } from '../../network/acts.ts';
import { HttpServer } from '../../network/http-server.ts';

let server: HttpServer;
let agent: Agent;
beforeEach(async () => {
  server = await HttpServer.start();
  agent = new Agent();
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

type Controller = Dispatcher.DispatchController;
type Policies = Parameters<typeof pipeline>[1][];

const through = (...policies: Policies) =>
  agent.compose(resilience({ pipeline: pipeline('api', ...policies) as unknown as Pipeline }));
const impatient = () => retry({ backoff: constant(0), budget: false });

/** A handler that writes down what it is told, and a promise of the end. */
function listening(overrides: Partial<Dispatcher.DispatchHandler> = {}) {
  const told: unknown[] = [];
  let end: (last: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    end = resolve;
  });
  const given: { controller?: Controller } = {};
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller, context) {
      given.controller = controller;
      told.push('start');
      overrides.onRequestStart?.(controller, context);
    },
    onResponseStart(controller, statusCode, headers, statusMessage) {
      told.push(statusCode);
      overrides.onResponseStart?.(controller, statusCode, headers, statusMessage);
    },
    onResponseData(controller, chunk) {
      told.push(String(chunk));
      overrides.onResponseData?.(controller, chunk);
    },
    onResponseEnd(controller, trailers) {
      told.push('end');
      end(undefined);
      overrides.onResponseEnd?.(controller, trailers);
    },
    onResponseError(_, error) {
      told.push(error);
      end(error);
    },
  };
  return { handler, told, ended, controller: () => given.controller as Controller };
}

const options = (init: Partial<Dispatcher.DispatchOptions> = {}): Dispatcher.DispatchOptions => ({
  origin: server.url,
  path: '/',
  method: 'GET',
  ...init,
});

test('a handler is told of one request, however many were sent', async () => {
  server.script = ({ nth }) => reply({ status: nth < 3 ? 503 : 200, body: `no ${nth}` });
  const { handler, told, ended, controller } = listening();
  expect(through(impatient()).dispatch(options(), handler)).toBe(true);
  await ended;
  expect(told).toEqual(['start', 200, 'no 3', 'end']);
  expect(server.total).toBe(3);
  expect(controller().aborted).toBe(false);
  expect(String(controller().rawHeaders)).toMatch(/content-length/);
});

test('one of the API before undici 7 is too', async () => {
  server.script = ({ nth }) => reply({ status: nth < 3 ? 503 : 200, body: `no ${nth}` });
  const told: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    through(impatient()).dispatch(options(), {
      onConnect: () => void told.push('connect'),
      onHeaders: (status, headers) => {
        told.push(status, String(headers));
        return true;
      },
      onData: (chunk) => {
        told.push(String(chunk));
        return true;
      },
      onComplete: () => {
        told.push('complete');
        resolve();
      },
      onError: reject,
    });
  });
  expect(told).toEqual(['connect', 200, 'content-length,4', 'no 3', 'complete']);
});

test('interim answers are passed on, those of each attempt', async () => {
  server.script = ({ nth }) => [
    { kind: 'read' },
    interim(103, { link: `</${nth}>` }),
    { kind: 'answer', status: nth < 2 ? 503 : 200, body: 'ok' },
  ];
  const links: unknown[] = [];
  const { handler, told, ended } = listening({
    onResponseStart: (controller, status, headers) => {
      if (status >= 200) return;
      links.push(headers.link);
      controller.pause(); // as fetch does: it means nothing
    },
  });
  through(impatient()).dispatch(options(), handler);
  await ended;
  expect(told).toEqual(['start', 103, 103, 200, 'ok', 'end']);
  expect(links).toEqual(['</1>', '</2>']);
});

describe('pause', () => {
  test.each([
    ['an answer as it comes', 200, []],
    ['an answer that was read ahead', 503, [circuitBreaker({ consecutiveFailures: 1 })]],
  ])('holds back the body of %s, until resume', async (_, status, policies: Policies) => {
    server.script = () => reply({ status, body: 'x'.repeat(30_000) });
    const { handler, told, ended, controller } = listening({
      onResponseStart: (each) => each.pause(),
      onResponseData: (each) => each.pause(),
    });
    through(impatient(), ...policies).dispatch(options(), handler);
    while (told.length < 2) await new Promise(setImmediate);
    expect(told).toEqual(['start', status]);
    let resumed = 0;
    while (told.at(-1) !== 'end') {
      expect(controller().paused).toBe(true);
      const before = told.length;
      controller().resume();
      while (told.length === before) await new Promise(setImmediate);
      expect(told.length).toBe(before + 1);
      resumed++;
    }
    await ended;
    expect(resumed).toBeGreaterThan(1);
    expect(told.slice(2, -1).join('')).toHaveLength(30_000);
  });

  test('holds back what a fallback made up', async () => {
    server.script = () => breakAt('answer', { kind: 'reset' });
    const made = fallback({ statusCode: 200, headers: {}, body: 'kept' });
    const { handler, told, ended, controller } = listening({ onResponseStart: (each) => each.pause() });
    through(made).dispatch(options(), handler);
    while (told.length < 2) await new Promise(setImmediate);
    expect(told).toEqual(['start', 200]);
    controller().resume();
    await ended;
    expect(told).toEqual(['start', 200, 'kept', 'end']);
  });
});

describe('abort', () => {
  const reason = new Error('gone');

  test('in onRequestStart: nothing is sent', async () => {
    const { handler, told, ended } = listening({ onRequestStart: (controller) => controller.abort(reason) });
    through(impatient()).dispatch(options(), handler);
    await ended;
    expect(told).toEqual(['start', reason]);
    expect(server.total).toBe(0);
  });

  test.each([
    ['onResponseStart', 200],
    ['onResponseData', 503],
  ] as const)('in %s, with the reason by identity', async (place, status) => {
    server.script = () => reply({ status, body: 'x'.repeat(1_000_000) });
    const { handler, told, ended, controller } = listening({
      [place]: (each: Controller) => each.abort(reason),
    });
    through().dispatch(options(), handler);
    expect(await ended).toBe(reason);
    expect(controller()).toMatchObject({ aborted: true, reason });
    controller().abort(new Error('again'));
    await server.idle();
    expect(told.filter((each) => each instanceof Error)).toEqual([reason]);
    expect(told.at(-1)).toBe(reason);
  });

  test('in onResponseEnd changes nothing any more', async () => {
    const { handler, told, ended, controller } = listening({ onResponseEnd: (each) => each.abort(reason) });
    through().dispatch(options(), handler);
    await ended;
    await new Promise(setImmediate);
    expect(told).toEqual(['start', 200, 'end']);
    expect(controller().aborted).toBe(false);
  });

  test("without a reason is undici's own", async () => {
    server.script = () => [{ kind: 'stall' }];
    const { handler, ended, controller } = listening();
    through().dispatch(options(), handler);
    await server.until(() => server.total === 1);
    controller().abort(undefined as never);
    expect(await ended).toMatchObject({ name: 'AbortError', code: 'UND_ERR_ABORTED' });
    await server.idle();
  });

  test('between an interim answer and the last one', async () => {
    server.script = () => [{ kind: 'read' }, interim(103), { kind: 'stall' }];
    const { handler, told, ended } = listening({ onResponseStart: (controller) => controller.abort(reason) });
    through(impatient()).dispatch(options(), handler);
    await ended;
    expect(told).toEqual(['start', 103, reason]);
    await server.idle();
  });
});

describe('what a handler throws', () => {
  const broken = new Error('broken');
  const throws = () => {
    throw broken;
  };

  test.each([
    ['onRequestStart', ['start', broken]],
    ['onResponseStart', ['start', 200, broken]],
    ['onResponseData', ['start', 200, 'ok', broken]],
    ['onResponseEnd', ['start', 200, 'ok', 'end', broken]],
  ])('in %s ends its request', async (place, expected) => {
    server.script = () => reply({ body: 'ok' });
    const { handler, told, ended } = listening({ [place]: throws });
    through(impatient()).dispatch(options(), handler);
    await ended;
    await new Promise(setImmediate);
    expect(told).toEqual(expected);
  });
});

describe('what is wrong with the arguments', () => {
  test.each<[string, Partial<Dispatcher.DispatchOptions>]>([
    ['the path', { path: 'no slash' }],
    ['the method', { method: 'NO METHOD' }],
    ['no method', { method: undefined as never }],
    ['a header', { headers: { 'bad header': '1' } }],
    ['the body', { body: 5 as never }],
  ])('is said by undici, once: %s', async (_, init) => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const { handler, told, ended } = listening();
    through(impatient(), breaker).dispatch(options(init), handler);
    expect(await ended).toBeInstanceOf(errors.InvalidArgumentError);
    await new Promise(setImmediate);
    expect(told.filter((each) => each !== 'start')).toHaveLength(1);
    expect(breaker.state).toBe('closed');
  });

  test('a dispatcher that was destroyed says so', async () => {
    const dispatcher = through(impatient());
    await agent.destroy();
    const { handler, ended } = listening();
    dispatcher.dispatch(options(), handler);
    expect(await ended).toBeInstanceOf(errors.ClientDestroyedError);
  });

  test('what is no handler is refused at once', () => {
    expect(() => through().dispatch(options(), null as never)).toThrow(TypeError);
    const bare = resilience()(agent.dispatch.bind(agent));
    expect(() => bare(options(), { onConnect() {} })).toThrow(
      'resilience: handler must be a handler with onRequestStart',
    );
  });

  test('what an interceptor further in throws ends the request', async () => {
    const broken = new Error('broken');
    const dispatcher = agent.compose(
      () => (_options, _handler) => {
        throw broken;
      },
      resilience({ pipeline: pipeline('api', retry({ retries: 0 })) as unknown as Pipeline }),
    );
    const { handler, ended } = listening();
    dispatcher.dispatch(options(), handler);
    expect(await ended).toBe(broken);
  });
});

test('dispatch returns what the dispatcher says, and true for what waits or was refused', async () => {
  server.script = () => [{ kind: 'hold' }, ...reply()];
  const places = bulkhead({ concurrency: 1, queue: 1 });
  const single = new Agent({ connections: 1 });
  const dispatcher = single.compose(resilience({ pipeline: pipeline('api', places) as unknown as Pipeline }));
  const all = [listening(), listening(), listening()];
  const said = all.map(({ handler }) => dispatcher.dispatch(options(), handler));
  const plain = listening();
  expect(said).toEqual([single.dispatch(options({ path: '/plain' }), plain.handler), true, true]);
  expect(await all[2]!.ended).toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL' });
  const release = () => server.letGo();
  for (const { ended } of [all[0]!, plain, all[1]!]) {
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over) {
      release();
      await new Promise(setImmediate);
    }
  }
  await single.destroy();
});

test('a dispatcher that knows nothing of pausing loses nothing', async () => {
  const mock = new MockAgent();
  mock.disableNetConnect();
  const pool = mock.get('http://mock.example');
  pool.intercept({ path: '/' }).reply(503, 'busy');
  pool.intercept({ path: '/' }).reply(200, 'done', { trailers: { 'x-sum': '7' } });
  const dispatcher = mock.compose(
    resilience({ pipeline: pipeline('api', impatient()) as unknown as Pipeline }),
  );
  const { statusCode, body, trailers } = await dispatcher.request({
    origin: 'http://mock.example',
    path: '/',
    method: 'GET',
  });
  expect([statusCode, await body.text(), trailers]).toEqual([200, 'done', { 'x-sum': '7' }]);
  mock.assertNoPendingInterceptors();
  await mock.close();
});

describe('upgrades', () => {
  let upgrading: Server;
  let origin: string;
  let seen: string[];
  let sockets: Duplex[];
  beforeEach(async () => {
    seen = [];
    sockets = [];
    upgrading = createServer();
    upgrading.on('upgrade', (request, socket) => {
      seen.push(`${request.method} ${request.headers.upgrade}`);
      sockets.push(socket);
      socket.end('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello');
    });
    upgrading.on('connect', (request, socket) => {
      seen.push(`${request.method} ${request.url}`);
      socket.end('HTTP/1.1 200 Connected\r\n\r\nhello');
    });
    await new Promise<void>((resolve) => upgrading.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(upgrading.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => upgrading.close(resolve));
  });

  const read = async (socket: AsyncIterable<unknown>) => {
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  };

  test('pass through', async () => {
    const { socket } = await through(impatient()).upgrade({ origin, path: '/', protocol: 'echo' } as never);
    expect(await read(socket)).toBe('hello');
    expect(seen).toEqual(['GET echo']);
  });

  test('and CONNECT', async () => {
    const { socket, statusCode } = await through(impatient()).connect({ origin, path: 'a.example:80' });
    expect([statusCode, await read(socket)]).toEqual([200, 'hello']);
    expect(seen).toEqual(['CONNECT a.example:80']);
  });

  test('that fail are not tried again', async () => {
    server.script = () => breakAt('answer', { kind: 'reset' });
    const upgrade = through(impatient()).upgrade({
      origin: server.url,
      path: '/',
      protocol: 'echo',
    } as never);
    await expect(upgrade).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.total).toBe(1);
  });

  test('are what a WebSocket asks for', async () => {
    const socket = new WebSocket(origin.replace('http', 'ws'), { dispatcher: through(impatient()) });
    await new Promise((resolve) => socket.addEventListener('error', resolve));
    expect(seen).toEqual(['GET websocket']);
  });
});

test('a time-out of the whole call ends it while it waits between two attempts', async () => {
  server.script = () => reply({ status: 503, headers: { 'retry-after': '1' } });
  const { handler, told, ended } = listening();
  through(timeout({ ms: 500 }), impatient()).dispatch(options(), handler);
  await ended;
  // A sleep that would reach the deadline is not begun: the answer stands.
  expect(told).toEqual(['start', 503, 'end']);
});
