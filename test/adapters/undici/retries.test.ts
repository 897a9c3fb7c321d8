/** What the interceptor sends again, and what it does not, counted by a real server. */
import { Readable } from 'node:stream';
import { Agent, Client, type Dispatcher, FormData, Pool, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  HttpError,
  type ResilienceOptions,
  resilience,
} from '../../../src/adapters/undici/index.ts';
import {
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  constant,
  fallback,
  isRejection,
  keyed,
  type Pipeline,
  pipeline,
  retry,
  timeout,
} from '../../../src/index.ts';
import { breakAt, reply, retryAfter } from '../../network/acts.ts';
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

const impatient = () =>
  pipeline('api', retry({ retries: 2, backoff: constant(0), budget: false })) as unknown as Pipeline;

const through = (options: Partial<ResilienceOptions<Pipeline>> = {}) =>
  agent.compose(resilience({ pipeline: impatient(), ...options }));

type Init = Partial<Omit<Dispatcher.RequestOptions, 'body' | 'headers'>> & {
  body?: unknown;
  headers?: unknown;
};

/** The status and the text. */
async function ask(dispatcher: Dispatcher, init: Init = {}, path = '/'): Promise<[number, string]> {
  const options = { origin: server.url, path, method: 'GET', ...init } as Dispatcher.RequestOptions;
  const { statusCode, body } = await dispatcher.request(options);
  return [statusCode, await body.text()];
}

/** Fails with 503 until the last of three attempts. */
const thirdTime = () => {
  server.script = ({ nth }) => reply(nth < 3 ? { status: 503, body: 'busy' } : { body: 'done' });
};

describe('methods', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('%s is sent again', async (method) => {
    thirdTime();
    expect((await ask(through(), { method }))[0]).toBe(200);
    expect(server.requests.map((each) => each.method)).toEqual(Array(3).fill(method));
  });

  test.each(['POST', 'PATCH', 'REPORT'])('%s is sent once', async (method) => {
    thirdTime();
    expect(await ask(through(), { method, body: 'x' })).toEqual([503, 'busy']);
    expect(server.total).toBe(1);
  });

  test.each<[string, () => unknown]>([
    ['an object', () => ({ 'Idempotency-Key': 'a1', 'x-a': ['1'] })],
    ['a flat array', () => ['x-a', '1', 'idempotency-key', 'a1']],
    [
      'an iterator that gives its pairs once',
      () =>
        new Map([
          ['IDEMPOTENCY-KEY', 'a1'],
          ['x-a', '1'],
        ]).entries(),
    ],
    [
      'Headers',
      () =>
        new Headers([
          ['Idempotency-Key', 'a1'],
          ['x-a', '1'],
        ]),
    ],
  ])('POST with an Idempotency-Key in %s is sent again, with it', async (_, headers) => {
    thirdTime();
    expect((await ask(through(), { method: 'POST', body: 'x', headers: headers() }))[0]).toBe(200);
    expect(server.requests.map((each) => [each.headers['idempotency-key'], each.headers['x-a']])).toEqual(
      Array(3).fill(['a1', '1']),
    );
  });

  test.each<[string, () => unknown]>([
    ['an object', () => ({ 'x-a': 'a1' })],
    ['a flat array', () => ['x-a', 'a1']],
    ['a map', () => new Map([['x-a', 'a1']])],
  ])('every attempt has the headers of the call, in %s, whatever becomes of them', async (_, make) => {
    const headers = make() as Record<string, string>;
    server.script = ({ nth }) => {
      if (headers instanceof Map) headers.clear();
      else if (Array.isArray(headers)) headers[1] = 'a2';
      else headers['x-a'] = 'a2';
      return reply(nth < 3 ? { status: 503 } : {});
    };
    expect((await ask(through(), { headers }))[0]).toBe(200);
    expect(server.requests.map((each) => each.headers['x-a'])).toEqual(Array(3).fill('a1'));
  });

  test('POST is sent again by option, and what the option leaves out is not', async () => {
    thirdTime();
    const dispatcher = through({ retryMethods: ['post'] });
    expect((await ask(dispatcher, { method: 'POST', body: 'x' }))[0]).toBe(200);
    expect((await ask(dispatcher, {}, '/other'))[0]).toBe(503);
  });

  test("undici's own option `idempotent` comes before the method", async () => {
    thirdTime();
    expect((await ask(through(), { method: 'POST', idempotent: true }))[0]).toBe(200);
    expect((await ask(through(), { idempotent: false }, '/other'))[0]).toBe(503);
  });

  test('no judge of a policy makes a POST be sent twice', async () => {
    thirdTime();
    const judge = () => ({ verdict: 'failure', retry: true }) as const;
    const eager = pipeline('api', retry({ backoff: constant(0), judge }));
    const dispatcher = agent.compose(resilience({ pipeline: eager }));
    expect((await ask(dispatcher, { method: 'POST', body: 'x' }))[0]).toBe(503);
    expect(server.total).toBe(1);
  });
});

describe('bodies', () => {
  const form = new FormData();
  form.set('a', '1');
  test.each<[string, unknown, RegExp]>([
    ['a string', 'payload', /^payload$/],
    ['bytes', new TextEncoder().encode('payload'), /^payload$/],
    ['a buffer', Buffer.from('payload'), /^payload$/],
    ['an array', [Buffer.from('pay'), Buffer.from('load')], /^payload$/],
    ['a form', form, /name="a"\r\n\r\n1\r\n/],
    ['a blob', new Blob(['payload']), /^payload$/],
  ])('%s is sent again whole', async (_, body, expected) => {
    thirdTime();
    expect((await ask(through(), { method: 'PUT', body }))[0]).toBe(200);
    expect(server.requests).toHaveLength(3);
    for (const each of server.requests) expect(each.body.toString()).toMatch(expected);
  });

  test.each<[string, () => unknown]>([
    ['a stream of node', () => Readable.from([Buffer.from('payload')])],
    [
      'an async generator',
      async function* () {
        yield Buffer.from('payload');
      },
    ],
    [
      'a generator',
      function* () {
        yield Buffer.from('payload');
      },
    ],
  ])('%s is sent once', async (_, make) => {
    thirdTime();
    expect(await ask(through(), { method: 'PUT', body: make() })).toEqual([503, 'busy']);
    expect(server.requests.map((each) => String(each.body))).toEqual(['payload']);
  });

  test('the error of a stream that waits to be sent ends its request, and not the process', async () => {
    server.script = ({ path }) => (path === '/' ? [{ kind: 'hold' }, ...reply()] : reply());
    const dispatcher = agent.compose(
      resilience({ pipeline: pipeline('api', bulkhead({ concurrency: 1, queue: 1 })) }),
    );
    const first = ask(dispatcher);
    await server.until(() => server.total === 1);
    const body = new Readable({ read() {} });
    const second = ask(dispatcher, { method: 'PUT', body }, '/second').catch((error: unknown) => error);
    const broken = new Error('no more');
    body.destroy(broken);
    await new Promise((resolve) => body.once('close', resolve));
    server.letGo();
    await first;
    expect(await second).toBe(broken);
  });
});

describe('answers', () => {
  test('the last one is passed on as it is', async () => {
    server.script = ({ nth }) => reply({ status: 503, body: `no ${nth}`, headers: { 'x-nth': String(nth) } });
    const { statusCode, headers, body, statusText } = await request(server.url, { dispatcher: through() });
    expect([statusCode, statusText, headers['x-nth'], await body.text()]).toEqual([
      503,
      'Status',
      '3',
      'no 3',
    ]);
  });

  test.each([400, 401, 404, 409, 501, 505])('%d is not tried again', async (status) => {
    server.script = () => reply({ status });
    expect((await ask(through()))[0]).toBe(status);
    expect(server.total).toBe(1);
  });

  test.each(['request', 'answer', 'headers'] as const)('a reset at the %s is tried again', async (place) => {
    server.script = ({ nth }) => (nth < 3 ? breakAt(place, { kind: 'reset' }) : reply({ body: 'done' }));
    expect(await ask(through())).toEqual([200, 'done']);
  });

  test('the last error of the network arrives as it is', async () => {
    server.script = () => breakAt('answer', { kind: 'reset' });
    await expect(ask(through())).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.total).toBe(3);
  });

  test.each([10, 200_000])(
    'when the circuit opens between two attempts, the answer before is passed on whole: %d bytes',
    async (length) => {
      server.script = () => reply({ status: 500, body: 'x'.repeat(length) });
      const dispatcher = agent.compose(
        resilience({
          pipeline: pipeline(
            'api',
            retry({ backoff: constant(0) }),
            circuitBreaker({ consecutiveFailures: 1 }),
          ),
        }),
      );
      const [status, text] = await ask(dispatcher);
      expect([status, text.length]).toEqual([500, length]);
      expect(server.total).toBe(1);
      await expect(ask(dispatcher)).rejects.toSatisfy(isRejection);
    },
  );

  test("a judge of one's own comes before httpJudge, and knows what was asked for", async () => {
    server.script = ({ nth }) => reply(nth < 3 ? { status: 404 } : {});
    const asked: unknown[] = [];
    const dispatcher = through({
      judge: ({ value }, { context }) => {
        asked.push(context);
        return (value as Answer | undefined)?.statusCode === 404 ? 'failure' : undefined;
      },
    });
    expect((await ask(dispatcher))[0]).toBe(200);
    expect(server.total).toBe(3);
    expect(asked[0]).toEqual({ method: 'GET', url: `${server.url}/` });
  });

  test('a hint above the limit ends the retrying', async () => {
    server.script = () => retryAfter(61);
    expect((await ask(through()))[0]).toBe(503);
    expect(server.total).toBe(1);
  });

  test('429 does not open the circuit without a hint, and does with one', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const dispatcher = agent.compose(resilience({ pipeline: pipeline('api', breaker) }));
    server.script = () => reply({ status: 429 });
    await ask(dispatcher);
    expect(breaker.state).toBe('closed');
    server.script = () => retryAfter(20, 429);
    await ask(dispatcher);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBeGreaterThan(19_000);
  });

  test('trailers and the history of redirects are passed on', async () => {
    server.script = ({ path }) =>
      path === '/'
        ? reply({ status: 302, headers: { location: '/b' } })
        : [
            { kind: 'read' },
            {
              kind: 'write',
              bytes: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n',
            },
            { kind: 'write', bytes: '2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n' },
          ];
    const { interceptors } = await import('undici');
    const dispatcher = agent.compose(
      interceptors.redirect({ maxRedirections: 3 }),
      resilience({ pipeline: impatient() }),
    );
    const { body, trailers, context } = await request(server.url, { dispatcher });
    expect(await body.text()).toBe('ok');
    expect(trailers).toEqual({ 'x-sum': '7' });
    expect((context as { history: URL[] }).history.map(String)).toEqual([
      `${server.url}/`,
      `${server.url}/b`,
    ]);
  });
});

describe('throwOnFailure', () => {
  test('makes the answer an error, without its body', async () => {
    server.script = () => reply({ status: 500, body: 'x'.repeat(1_000_000) });
    const error = await ask(through({ throwOnFailure: true })).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({
      status: 500,
      policy: 'undici',
      pipeline: 'api',
      response: { statusCode: 500 },
    });
    expect(server.total).toBe(3);
    await server.idle();
  });

  test('lets a fallback make up an answer', async () => {
    server.script = () => reply({ status: 500 });
    const answer: Answer = { statusCode: 200, headers: { 'x-from': 'cache' }, body: 'kept' };
    const dispatcher = agent.compose(
      resilience({ throwOnFailure: true, pipeline: pipeline('api', fallback(answer)) }),
    );
    const { statusCode, headers, body } = await request(server.url, { dispatcher });
    expect([statusCode, headers['x-from'], await body.text()]).toEqual([200, 'cache', 'kept']);
  });

  test('lets a fallback pass on the answer after all, body included', async () => {
    server.script = () => reply({ status: 500, body: 'why' });
    const pass = fallback((error) => (error as HttpError<Answer>).response);
    const dispatcher = agent.compose(resilience({ throwOnFailure: true, pipeline: pipeline('api', pass) }));
    expect(await ask(dispatcher)).toEqual([500, 'why']);
  });

  test.each([null, '', new Uint8Array(0)])('a made up body may be empty: %j', async (body) => {
    server.script = () => reply({ status: 500 });
    const made = pipeline('api', fallback({ statusCode: 204, headers: {}, body })) as unknown as Pipeline;
    expect(await ask(through({ throwOnFailure: true, pipeline: made }))).toEqual([204, '']);
  });

  test.each([5, {}, [1]])('a made up body of %j is an error', async (body) => {
    server.script = () => reply({ status: 500 });
    const made = pipeline('api', fallback({ statusCode: 200, headers: {}, body })) as unknown as Pipeline;
    await expect(ask(through({ throwOnFailure: true, pipeline: made }))).rejects.toThrow(
      'resilience: the body of what the pipeline returns must be a string or bytes, got',
    );
  });

  test('what is no answer is an error', async () => {
    server.script = () => reply({ status: 500 });
    const wrong = pipeline('api', fallback(null)) as unknown as Pipeline;
    await expect(ask(through({ throwOnFailure: true, pipeline: wrong }))).rejects.toThrow(
      'resilience: what the pipeline returns must be an answer with statusCode and headers, got null',
    );
  });
});

describe('keys', () => {
  const hosts = () => keyed((key) => pipeline(key, retry()));

  test('are origins', async () => {
    const interceptor = resilience({ pipeline: hosts() });
    const dispatcher = agent.compose(interceptor);
    await ask(dispatcher);
    await ask(dispatcher, { origin: new URL(server.url) });
    await ask(dispatcher, { origin: server.url.replace('127.0.0.1', 'localhost') });
    expect([...interceptor.pipeline.entries()].map(([key]) => key)).toEqual([
      server.url,
      server.url.replace('127.0.0.1', 'localhost'),
    ]);
  });

  test('are one for each dispatcher where its options name no origin', async () => {
    const interceptor = resilience({ pipeline: hosts() });
    const client = new Client(server.url);
    const pool = new Pool(server.url);
    for (const each of [client.compose(interceptor), pool.compose(interceptor)]) {
      for (let time = 0; time < 2; time++) {
        const { body } = await each.request({ path: '/', method: 'GET' });
        await body.dump();
      }
    }
    expect([...interceptor.pipeline.entries()].map(([key]) => key)).toEqual(['client', 'client-2']);
    await Promise.all([client.close(), pool.close()]);
  });

  test('are what keyOf says', async () => {
    const interceptor = resilience({ pipeline: hosts(), keyOf: (url, { method }) => `${method} ${url}` });
    await ask(agent.compose(interceptor));
    expect([...interceptor.pipeline.entries()].map(([key]) => key)).toEqual([`GET ${server.url}/`]);
  });

  test('are asked for with the query', async () => {
    const interceptor = resilience({ pipeline: hosts(), keyOf: (url) => url });
    await ask(agent.compose(interceptor), { query: { a: '1 2', b: [3, 4] } });
    const [request] = server.requests;
    expect([...interceptor.pipeline.entries()].map(([key]) => key)).toEqual([
      `${server.url}${request?.path}`,
    ]);
  });

  test('what keyOf throws ends the request', async () => {
    const broken = new Error('no key');
    const keyOf = () => {
      throw broken;
    };
    await expect(ask(through({ keyOf }))).rejects.toBe(broken);
  });

  test('the standard pipelines are the default', async () => {
    const interceptor = resilience();
    expect(await ask(agent.compose(interceptor))).toEqual([200, '']);
    expect([...interceptor.pipeline.entries()].map(([key]) => key)).toEqual([server.url]);
  });
});

describe('the deadline', () => {
  test.each<[string, unknown]>([
    ['none', undefined],
    ['an object', { 'x-a': '1', 'X-Deadline-Ms': 'mine' }],
    ['a flat array', ['x-a', '1', 'X-Deadline-Ms', 'mine']],
    ['Headers', new Headers({ 'x-a': '1', 'x-deadline-ms': 'mine' })],
  ])('is told in a header beside %s', async (_, headers) => {
    const limited = pipeline('api', timeout({ ms: 60_000 })) as unknown as Pipeline;
    await ask(through({ deadlineHeader: 'x-deadline-ms', pipeline: limited }), { headers });
    const seen = server.requests[0]!.headers;
    expect(Number(seen['x-deadline-ms'])).toBeGreaterThan(50_000);
    expect(seen['x-a']).toBe(headers === undefined ? undefined : '1');
  });

  test('is not told where there is none', async () => {
    await ask(through({ deadlineHeader: 'x-deadline-ms' }));
    expect(server.requests[0]!.headers['x-deadline-ms']).toBeUndefined();
  });
});

test('a request that a gate refuses is not sent, and ends with the rejection', async () => {
  const breaker = circuitBreaker();
  breaker.open();
  const dispatcher = agent.compose(resilience({ pipeline: pipeline('api', breaker) }));
  await expect(ask(dispatcher)).rejects.toBeInstanceOf(CircuitOpenError);
  expect(server.total).toBe(0);
});

test.each<[unknown, string]>([
  [{ retryMethods: [1] }, 'resilience: retryMethods must be an array of method names, got 1'],
  [{ fetch }, 'resilience: unknown option "fetch"'],
  [{ pipeline: {} }, 'resilience: pipeline must be a pipeline, or what keyed() returned, got {}'],
])('refuses %j', (options, message) => {
  expect(() => resilience(options as never)).toThrow(message);
});
