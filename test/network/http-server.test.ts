import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { track } from '../support/jobs.ts';
import {
  type Act,
  breakAt,
  chunked,
  dripped,
  type Echo,
  garbage,
  gzip,
  interim,
  type Place,
  redirect,
  reply,
  retryAfter,
  wrongLength,
} from './acts.ts';
import { HttpServer } from './http-server.ts';

let server: HttpServer;
let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  server = await HttpServer.start({ clock });
});
afterEach(async () => {
  await server.close();
  expect([server.sockets.open, server.running, clock.pendingTimers]).toEqual([0, 0, 0]);
});

const act = (script: Act): void => {
  server.script = () => script;
};

/** What fetch makes of it: the text, or the code of the error, and whether that came after the headers. */
async function outcome(path = '/', init: RequestInit = {}): Promise<string> {
  let headers = '';
  try {
    const response = await fetch(server.url + path, init);
    headers = `${response.status} `;
    return headers + (await response.text());
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string; message: string } };
    return headers + (cause?.code ?? cause?.message ?? `${name}: ${message}`);
  }
}

it('answers, and remembers what it saw', async () => {
  act(reply({ body: 'well' }));
  expect(await outcome('/a?b', { headers: { 'X-Y': 'z' } })).toBe('200 well');
  expect(await outcome('/c', { method: 'PUT', body: 'bytes' })).toBe('200 well');
  expect(await outcome('/c', { method: 'HEAD' })).toBe('200 ');
  expect(server.requests).toMatchObject([
    { method: 'GET', path: '/a?b', nth: 1, headers: { 'x-y': 'z' }, complete: true },
    { method: 'PUT', path: '/c', nth: 1, body: Buffer.from('bytes'), complete: true },
    { method: 'HEAD', path: '/c', nth: 2, deserted: false },
  ]);
  expect(server.total).toBe(3);
});

it('keeps the connection, and takes its requests one by one', async () => {
  server.script = ({ path }) => reply({ body: path });
  const socket = connect(server.port, '127.0.0.1');
  socket.write('POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n');
  let heard = '';
  while (!heard.endsWith('/b')) heard += (await once(socket, 'data'))[0];
  expect(heard.match(/\/[ab]/g)).toEqual(['/a', '/b']);
  expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  expect(server.sockets).toEqual({ open: 1, total: 1, closedByClient: 0 });
  socket.end();
  await server.idle();
  expect(server.sockets).toEqual({ open: 0, total: 1, closedByClient: 1 });
});

it('echoes method, path, headers and body, also a body in chunks', async () => {
  act([{ kind: 'read' }, { kind: 'echo' }]);
  const body = new Blob(['one, ', 'two']).stream();
  const response = await fetch(`${server.url}/e`, { method: 'POST', body, duplex: 'half' } as RequestInit);
  const echo = (await response.json()) as Echo;
  expect(echo).toMatchObject({ method: 'POST', path: '/e', body: 'one, two' });
  expect(echo.headers['transfer-encoding']).toBe('chunked');
});

it.each([200, 204, 304, 400, 404, 408, 418, 429, 500, 502, 503, 504, 599])('answers %i', async (status) => {
  act(reply({ status, body: 'b' }));
  expect(await outcome()).toBe(`${status} ${status === 204 || status === 304 ? '' : 'b'}`);
});

it.each([100, 102, 103])('answers %i before the answer', async (status) => {
  act([interim(status), ...reply({ body: 'then' })]);
  // undici takes a 100 that nobody asked for as a mistake.
  expect(await outcome()).toBe(status === 100 ? 'UND_ERR_SOCKET' : '200 then');
});

it('asks for patience in seconds and as a date', async () => {
  act(retryAfter(7, 429));
  expect((await fetch(server.url)).headers.get('retry-after')).toBe('7');
  act(retryAfter(new Date(0)));
  const response = await fetch(server.url);
  expect([response.status, response.headers.get('retry-after')]).toEqual([
    503,
    'Thu, 01 Jan 1970 00:00:00 GMT',
  ]);
});

it('redirects, also for ever', async () => {
  server.script = ({ path }) => (path === '/from' ? redirect('/to', 307) : reply({ body: path }));
  expect(await outcome('/from')).toBe('200 /to');
  act(redirect('/round'));
  expect(await outcome('/round')).toBe('redirect count exceeded');
  expect(server.requests.at(-1)?.nth).toBe(21);
});

it('compresses, and sends in chunks', async () => {
  act(gzip('small'));
  expect(await outcome()).toBe('200 small');
  act(chunked(['one ', 'two']));
  expect(await outcome()).toBe('200 one two');
});

it.each<[string, Act, string]>([
  ['ends in the middle of chunks', chunked(['one'], { truncated: true }), '200 UND_ERR_SOCKET'],
  ['ends before its length', wrongLength('short', 10), '200 UND_ERR_SOCKET'],
  ['goes on after its length', wrongLength('too long', 3), '200 too'],
  [
    'sends headers that are none',
    garbage,
    'Response does not match the HTTP/1.1 protocol (Invalid header token)',
  ],
])('%s', async (_what, script, seen) => {
  act(script);
  expect(await outcome()).toBe(seen);
  await server.idle();
});

const breaks: [Place, 'reset' | 'end', string][] = [
  ['request', 'reset', 'ECONNRESET'],
  ['answer', 'reset', 'ECONNRESET'],
  ['headers', 'reset', 'ECONNRESET'],
  ['body', 'reset', '200 ECONNRESET'],
  ['request', 'end', 'UND_ERR_SOCKET'],
  ['answer', 'end', 'UND_ERR_SOCKET'],
  ['headers', 'end', 'UND_ERR_SOCKET'],
  ['body', 'end', '200 UND_ERR_SOCKET'],
];
it.each(breaks)('at the %s: %s', async (place, kind, seen) => {
  act(breakAt(place, { kind }));
  expect(await outcome('/', { method: 'POST', body: 'sent' })).toBe(seen);
  await server.idle();
  expect(server.requests).toMatchObject([{ complete: true, deserted: false }]);
  expect(server.sockets.closedByClient).toBe(0);
});

it.each<Place>(['request', 'answer', 'headers', 'body'])(
  'stalls at the %s until it is left',
  async (place) => {
    act(breakAt(place, { kind: 'stall' }));
    const abort = new AbortController();
    const fetched = track(outcome('/', { signal: abort.signal }));
    await server.until(() => server.running === 1);
    abort.abort();
    await server.idle();
    expect(fetched.value).toMatch(/^(200 )?AbortError/);
    expect([server.deserted, server.requests[0]?.deserted]).toEqual([1, true]);
    // undici may have made another connection meanwhile, and closed that too.
    expect(server.sockets.closedByClient).toBe(server.sockets.total);
  },
);

it('breaks a connection before anything is read from it', async () => {
  server.greet = (nth) => (nth === 1 ? [{ kind: 'reset' }] : []);
  expect(await outcome()).toBe('ECONNRESET');
  expect(await outcome()).toBe('200 ');
  expect([server.total, server.requests[0]?.connection]).toEqual([1, 2]);
});

it('drips headers and body, a byte at a time', async () => {
  act(dripped(10, { body: 'slow' }));
  const answered = outcome();
  await server.until(() => clock.pendingTimers === 1);
  await clock.runAll();
  expect(clock.now()).toBe(10 * 'HTTP/1.1 200 Status\r\ncontent-length: 4\r\n\r\nslow'.length);
  expect(await answered).toBe('200 slow');
});

it('waits for a time, and holds until it is told', async () => {
  act([{ kind: 'read' }, { kind: 'wait', ms: 1_000 }, { kind: 'hold' }, { kind: 'answer', body: 'at last' }]);
  const answered = outcome();
  await server.until(() => clock.pendingTimers === 1);
  await clock.advance(1_000);
  expect([server.running, clock.pendingTimers]).toEqual([1, 0]);
  server.letGo();
  expect(await answered).toBe('200 at last');
});

it('restarts on the same port, under a client that keeps its connection', async () => {
  const socket = connect(server.port, '127.0.0.1');
  await server.until(() => server.sockets.open === 1);
  const { url } = server;
  const [ended] = await Promise.all([once(socket.resume(), 'end'), server.restart()]);
  expect([ended, server.url, server.sockets.closedByClient]).toEqual([[], url, 0]);
  expect(await outcome()).toBe('200 ');
});

it('refuses when it is closed', async () => {
  await server.close();
  expect(await outcome()).toBe('ECONNREFUSED');
});

it('sees how much of a request came before its client left', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write('PUT /half HTTP/1.1\r\ncontent-length: 10\r\n\r\n12345');
  await server.until(() => server.running === 1);
  socket.resetAndDestroy();
  await server.until(() => server.deserted === 1);
  expect(server.requests).toMatchObject([{ body: Buffer.from('12345'), complete: false }]);
});
