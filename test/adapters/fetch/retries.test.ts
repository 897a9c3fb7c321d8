/** What `resilientFetch` sends again, and what it does not, counted by a real server. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FetchOptions, httpJudge, resilientFetch } from '../../../src/adapters/fetch/index.ts';
import {
  CircuitOpenError,
  circuitBreaker,
  constant,
  isRejection,
  type Pipeline,
  pipeline,
  retry,
} from '../../../src/index.ts';
import { reply, retryAfter } from '../../network/acts.ts';
import { HttpServer } from '../../network/http-server.ts';

let server: HttpServer;
beforeEach(async () => {
  server = await HttpServer.start();
});
afterEach(() => server.close());

const impatient = () => pipeline('api', retry({ retries: 2, backoff: constant(0), budget: false }));

const fetchThrough = (options: Partial<FetchOptions<Pipeline>> = {}) =>
  resilientFetch({ pipeline: impatient() as unknown as Pipeline, ...options });

/** Fails with 503 until the last of three attempts. */
const thirdTime = () => {
  server.script = ({ nth }) => reply(nth < 3 ? { status: 503, body: 'busy' } : { body: 'done' });
};

describe('methods', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'get', 'delete'])(
    '%s is sent again',
    async (method) => {
      thirdTime();
      const response = await fetchThrough()(server.url, { method });
      expect(response.status).toBe(200);
      expect(server.requests.map((request) => request.method)).toEqual(Array(3).fill(method.toUpperCase()));
    },
  );

  test.each(['POST', 'PATCH', 'post', 'REPORT'])('%s is sent once', async (method) => {
    thirdTime();
    const response = await fetchThrough()(server.url, { method, body: 'x' });
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('busy');
    expect(server.total).toBe(1);
  });

  test.each<[string, RequestInit['headers']]>([
    ['an object', { 'Idempotency-Key': 'a1' }],
    ['pairs', [['idempotency-key', 'a1']]],
    ['Headers', new Headers({ 'IDEMPOTENCY-KEY': 'a1' })],
  ])('POST with an Idempotency-Key in %s is sent again, with it', async (_, headers) => {
    thirdTime();
    expect((await fetchThrough()(server.url, { method: 'POST', body: 'x', headers: headers! })).status).toBe(
      200,
    );
    expect(server.requests.map((request) => request.headers['idempotency-key'])).toEqual(['a1', 'a1', 'a1']);
  });

  test.each<[string, () => HeadersInit]>([
    ['an object', () => ({ 'idempotency-key': 'a1' })],
    ['pairs', () => [['idempotency-key', 'a1']]],
    ['Headers', () => new Headers({ 'idempotency-key': 'a1' })],
    ['an iterator', () => new Headers({ 'idempotency-key': 'a1' }).entries() as unknown as HeadersInit],
  ])('every attempt has the headers of the call, in %s, whatever becomes of them', async (_, make) => {
    const headers = make() as Record<string, string>;
    const init = { method: 'POST', body: 'x', headers };
    server.script = ({ nth }) => {
      Object.assign(init, { body: 'y', headers: {} });
      if (headers instanceof Headers) headers.set('idempotency-key', 'a2');
      else if (Array.isArray(headers)) headers.pop();
      else headers['idempotency-key'] = 'a2';
      return reply(nth < 3 ? { status: 503 } : {});
    };
    expect((await fetchThrough()(server.url, init)).status).toBe(200);
    expect(server.requests.map((each) => [String(each.body), each.headers['idempotency-key']])).toEqual(
      Array(3).fill(['x', 'a1']),
    );
  });

  test('POST is sent again by option, and what the option leaves out is not', async () => {
    thirdTime();
    const fetch = fetchThrough({ retryMethods: ['post'] });
    expect((await fetch(server.url, { method: 'POST', body: 'x' })).status).toBe(200);
    expect((await fetch(`${server.url}/other`)).status).toBe(503);
  });

  test('no judge of a policy makes a POST be sent twice', async () => {
    thirdTime();
    const eager = pipeline(
      'api',
      retry({ backoff: constant(0), judge: () => ({ verdict: 'failure', retry: true }) }),
    );
    const fetch = resilientFetch({ pipeline: eager });
    expect((await fetch(server.url, { method: 'POST', body: 'x' })).status).toBe(503);
    expect(server.total).toBe(1);
  });
});

describe('bodies', () => {
  const form = new FormData();
  form.set('a', '1');
  test.each<[string, RequestInit['body'], RegExp]>([
    ['a string', 'payload', /^payload$/],
    ['bytes', new TextEncoder().encode('payload'), /^payload$/],
    ['a buffer', new TextEncoder().encode('payload').buffer as ArrayBuffer, /^payload$/],
    ['parameters', new URLSearchParams({ a: '1' }), /^a=1$/],
    ['a form', form, /name="a"\r\n\r\n1\r\n/],
    ['a blob', new Blob(['payload']), /^payload$/],
  ])('%s is sent again whole', async (_, body, expected) => {
    thirdTime();
    expect((await fetchThrough()(server.url, { method: 'PUT', body: body! })).status).toBe(200);
    expect(server.requests).toHaveLength(3);
    for (const request of server.requests) expect(request.body.toString()).toMatch(expected);
  });

  test('a Request is sent again, body, headers and all, and overridden by the init', async () => {
    thirdTime();
    const request = new Request(server.url, { method: 'PUT', body: 'payload', headers: { 'x-a': '1' } });
    expect((await fetchThrough()(request, { headers: { 'x-b': '2' } })).status).toBe(200);
    expect(
      server.requests.map(({ body, headers }) => [String(body), headers['x-a'], headers['x-b']]),
    ).toEqual(Array(3).fill(['payload', undefined, '2']));
  });

  test('a body of null in the init leaves that of a Request', async () => {
    thirdTime();
    const request = new Request(server.url, { method: 'PUT', body: 'payload' });
    expect((await fetchThrough()(request, { body: null })).status).toBe(200);
    expect(server.requests.map(({ body }) => String(body))).toEqual(Array(3).fill('payload'));
  });

  test.each<[string, () => unknown]>([
    ['a web stream', () => new Blob(['payload']).stream()],
    ['a stream of node', () => Readable.from([Buffer.from('payload')])],
    [
      'an async generator',
      async function* () {
        yield Buffer.from('payload');
      },
    ],
  ])('%s is sent once', async (_, make) => {
    thirdTime();
    const body = make() as ReadableStream;
    const source = typeof body === 'function' ? (body as () => ReadableStream)() : body;
    const response = await fetchThrough()(server.url, {
      method: 'PUT',
      body: source,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(503);
    expect(server.requests.map((request) => String(request.body))).toEqual(['payload']);
  });

  test("a stream that was never begun, since a gate refused, is still the caller's", async () => {
    const breaker = circuitBreaker();
    breaker.open();
    const fetch = resilientFetch({ pipeline: pipeline('api', breaker) });
    const body = new Blob(['payload']).stream();
    await expect(
      fetch(server.url, { method: 'PUT', body, duplex: 'half' } as RequestInit),
    ).rejects.toBeInstanceOf(CircuitOpenError);
    expect(body.locked).toBe(false);
    breaker.close();
    await fetch(server.url, { method: 'PUT', body, duplex: 'half' } as RequestInit);
    expect(String(server.requests[0]!.body)).toBe('payload');
  });
});

describe('answers', () => {
  test('the last one is returned as it is, its body unread', async () => {
    server.script = ({ nth }) => reply({ status: 503, body: `no ${nth}`, headers: { 'x-nth': String(nth) } });
    const response = await fetchThrough()(server.url);
    expect(response.status).toBe(503);
    expect(response.headers.get('x-nth')).toBe('3');
    expect(response.url).toBe(`${server.url}/`);
    expect(response.bodyUsed).toBe(false);
    expect(await response.text()).toBe('no 3');
  });

  test.each([400, 401, 404, 409, 501, 505])('%d is not tried again', async (status) => {
    server.script = () => reply({ status });
    expect((await fetchThrough()(server.url)).status).toBe(status);
    expect(server.total).toBe(1);
  });

  test('when the circuit opens between two attempts, the answer before is returned whole', async () => {
    server.script = () => reply({ status: 500, body: 'x'.repeat(200_000) });
    const fetch = resilientFetch({
      pipeline: pipeline('api', retry({ backoff: constant(0) }), circuitBreaker({ consecutiveFailures: 1 })),
    });
    const response = await fetch(server.url);
    expect(response.status).toBe(500);
    expect(await response.text()).toHaveLength(200_000);
    expect(server.total).toBe(1);
    await expect(fetch(server.url)).rejects.toSatisfy(isRejection);
  });

  test("a judge of one's own comes before httpJudge, and knows what was asked for", async () => {
    server.script = ({ nth }) => reply(nth < 3 ? { status: 404 } : {});
    const asked: unknown[] = [];
    const fetch = fetchThrough({
      judge: ({ value }, { context }) => {
        asked.push(context);
        return (value as Response | undefined)?.status === 404 ? 'failure' : undefined;
      },
    });
    expect((await fetch(server.url)).status).toBe(200);
    expect(server.total).toBe(3);
    expect(asked[0]).toEqual({ method: 'GET', url: server.url });
  });

  test('a hint above the limit ends the retrying', async () => {
    server.script = () => retryAfter(61);
    expect((await fetchThrough()(server.url)).status).toBe(503);
    expect(server.total).toBe(1);
  });

  test('429 does not open the circuit without a hint, and does with one', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const fetch = resilientFetch({ pipeline: pipeline('api', breaker) });
    server.script = () => reply({ status: 429 });
    await fetch(server.url);
    expect(breaker.state).toBe('closed');
    server.script = () => retryAfter(20, 429);
    await fetch(server.url);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBeGreaterThan(19_000);
  });
});

test('httpJudge on its own makes a pipeline right for fetch', async () => {
  thirdTime();
  const api = pipeline({ name: 'api', judge: httpJudge }, retry({ backoff: constant(0) }));
  expect((await api.run(({ signal }) => fetch(server.url, { signal }))).status).toBe(200);
});
