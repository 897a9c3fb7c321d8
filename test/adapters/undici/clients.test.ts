/** The ways in which undici is used, and the runtime's own fetch, which brings handlers of another undici. */
import { readFileSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { pipeline as streamed } from 'node:stream/promises';
import {
  Agent,
  type Dispatcher,
  getGlobalDispatcher,
  request,
  setGlobalDispatcher,
  fetch as undiciFetch,
} from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resilience } from '../../../src/adapters/undici/index.ts';
import { circuitBreaker, constant, isRejection, type Pipeline, pipeline, retry } from '../../../src/index.ts';
import { type Act, chunked, gzip, interim, redirect, reply, wrongLength } from '../../network/acts.ts';
import { HttpServer } from '../../network/http-server.ts';
import { authority } from '../../network/tls.ts';

let server: HttpServer;
let agent: Agent;
let dispatcher: Dispatcher;
beforeEach(async () => {
  server = await HttpServer.start();
  agent = new Agent();
  dispatcher = agent.compose(
    resilience({
      pipeline: pipeline('api', retry({ backoff: constant(0), budget: false })) as unknown as Pipeline,
    }),
  );
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

const echo: Act = [{ kind: 'read' }, { kind: 'echo' }];

/** Fails twice, then does as it is told. */
const thirdTime = (act: Act = echo) => {
  server.script = ({ nth }) => (nth < 3 ? reply({ status: 503, body: 'busy' }) : act);
};

const collect = async (stream: AsyncIterable<unknown>): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
};

describe.each<[string, typeof fetch]>([
  ['the fetch of undici', undiciFetch as unknown as typeof fetch],
  ['the fetch of the runtime', (...args) => globalThis.fetch(...args)],
])('%s', (_, plain) => {
  const fetch = (path: string, init: RequestInit = {}): Promise<Response> =>
    plain(`${server.url}${path}`, { ...init, dispatcher } as RequestInit);

  test('sends again', async () => {
    thirdTime();
    const response = await fetch('/a', { headers: { 'x-a': '1' } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ method: 'GET', path: '/a', headers: { 'x-a': '1' } });
    expect(server.total).toBe(3);
  });

  test('sends a body once, which it makes a stream', async () => {
    thirdTime();
    const response = await fetch('/', { method: 'PUT', body: 'payload' });
    expect([response.status, await response.text()]).toEqual([503, 'busy']);
    expect(server.requests.map(({ body }) => String(body))).toEqual(['payload']);
  });

  test('follows redirects, each a request of its own', async () => {
    server.script = ({ path, nth }) =>
      nth < 3 ? reply({ status: 503 }) : path === '/a' ? redirect('/b') : reply({ body: 'here' });
    const response = await fetch('/a');
    expect([response.redirected, response.url, await response.text()]).toEqual([
      true,
      `${server.url}/b`,
      'here',
    ]);
    expect(server.total).toBe(6);
  });

  test.each<[string, Act, string]>([
    ['chunks', chunked(['a', 'b', 'c']), 'abc'],
    ['gzip', gzip('zipped'), 'zipped'],
    ['nothing', reply({ status: 204 }), ''],
    ['an interim answer first', [{ kind: 'read' }, interim(103), { kind: 'answer', body: 'ok' }], 'ok'],
    ['a megabyte', reply({ body: 'x'.repeat(1_000_000) }), 'x'.repeat(1_000_000)],
  ])('reads %s', async (_name, act, expected) => {
    thirdTime(act);
    expect(await (await fetch('/')).text()).toBe(expected);
  });

  test('HEAD', async () => {
    thirdTime(reply({ body: 'x' }));
    const response = await fetch('/', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '1',
      '',
    ]);
  });

  test('is told of a body that breaks off', async () => {
    thirdTime(wrongLength('half', 8));
    const response = await fetch('/');
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('is told of a rejection as the cause', async () => {
    const breaker = circuitBreaker();
    breaker.open();
    const refused = agent.compose(resilience({ pipeline: pipeline('api', breaker) as unknown as Pipeline }));
    const error = await plain(server.url, { dispatcher: refused } as RequestInit).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).cause).toSatisfy(isRejection);
  });

  test('is told when the answer began', async () => {
    thirdTime();
    await (await fetch('/')).text();
    const entries = () => performance.getEntriesByName(`${server.url}/`) as PerformanceResourceTiming[];
    while (entries().length === 0) await new Promise(setImmediate);
    expect(entries()[0]!.responseStart).toBeGreaterThan(0);
  });
});

test('setGlobalDispatcher makes it the way of all fetches', async () => {
  const before = getGlobalDispatcher();
  setGlobalDispatcher(dispatcher);
  try {
    thirdTime();
    expect((await fetch(server.url)).status).toBe(200);
    expect((await request(`${server.url}/b`)).statusCode).toBe(200);
    expect(server.total).toBe(6);
  } finally {
    setGlobalDispatcher(before);
  }
});

test('stream()', async () => {
  thirdTime(reply({ body: 'x'.repeat(300_000) }));
  const sink = new PassThrough({ highWaterMark: 1_000 });
  const text = collect(sink);
  let status = 0;
  await dispatcher.stream({ origin: server.url, path: '/', method: 'GET' }, ({ statusCode }) => {
    status = statusCode;
    return sink;
  });
  expect([status, (await text).length]).toEqual([200, 300_000]);
  expect(server.total).toBe(3);
});

test('pipeline() brings a stream, and is sent once', async () => {
  server.script = () => echo;
  const sink = new PassThrough();
  const text = collect(sink);
  await streamed(
    Readable.from([Buffer.from('payload')]),
    dispatcher.pipeline({ origin: server.url, path: '/', method: 'PUT' }, ({ body }) => body),
    sink,
  );
  expect(JSON.parse(await text)).toMatchObject({ method: 'PUT', body: 'payload' });
  thirdTime();
  const busy = dispatcher.pipeline({ origin: server.url, path: '/b', method: 'GET' }, ({ body }) => body);
  busy.end();
  expect(await collect(busy)).toBe('busy');
  expect(server.total).toBe(2);
});

test('request() with a callback', async () => {
  thirdTime();
  const status = await new Promise((resolve, reject) => {
    dispatcher.request({ origin: server.url, path: '/', method: 'GET' }, (error, data) => {
      if (error) return reject(error);
      data.body.dump().then(() => resolve(data.statusCode), reject);
    });
  });
  expect(status).toBe(200);
});

test('onInfo and raw headers', async () => {
  thirdTime([{ kind: 'read' }, interim(103, { link: '</a>' }), { kind: 'answer', headers: { 'X-A': '1' } }]);
  const infos: unknown[] = [];
  const { headers, body } = await dispatcher.request({
    origin: server.url,
    path: '/',
    method: 'GET',
    responseHeaders: 'raw',
    onInfo: (info) => infos.push(info),
  });
  await body.dump();
  expect(infos).toEqual([{ statusCode: 103, headers: ['link', '</a>'] }]);
  expect(headers).toContain('1');
});

test('HTTP/2', async () => {
  const files = new URL('../../network/certificates/', import.meta.url);
  const pem = (name: string) => readFileSync(new URL(`${name}.pem`, files));
  const secure = createSecureServer({ key: pem('key'), cert: pem('good') });
  const streams: ServerHttp2Stream[] = [];
  let closed = 0;
  secure.on('stream', (stream, { ':path': path }) => {
    streams.push(stream);
    stream.on('close', () => closed++).on('error', () => {});
    if (path === '/stalls') return stream.respond({ ':status': 200 });
    stream.respond({ ':status': streams.length < 3 ? 503 : 200 });
    stream.end('x'.repeat(streams.length < 3 ? 10 : 300_000));
  });
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  const h2 = new Agent({ allowH2: true, connect: { ca: authority } });
  const api = pipeline('api', retry({ backoff: constant(0), budget: false })) as unknown as Pipeline;
  const through = h2.compose(resilience({ pipeline: api }));
  const { statusCode, body } = await through.request({ origin, path: '/', method: 'GET' });
  expect([statusCode, (await body.text()).length, streams.length]).toEqual([200, 300_000, 3]);

  const caller = new AbortController();
  const stalls = await through.request({ origin, path: '/stalls', method: 'GET', signal: caller.signal });
  const reason = new Error('gone');
  caller.abort(reason);
  await expect(stalls.body.text()).rejects.toBe(reason);
  while (closed < 4) await new Promise(setImmediate);
  await h2.destroy();
  await new Promise((resolve) => secure.close(resolve));
});
