import { expect, test } from 'vitest';
import { IDEMPOTENT_METHODS, resilientFetch } from '../../../src/adapters/fetch/index.ts';
import { keyed, pipeline } from '../../../src/index.ts';

test.each<[object, ErrorConstructor, RegExp]>([
  [
    { pipeline: {} },
    TypeError,
    /^resilientFetch: pipeline must be a pipeline, or what keyed\(\) returned, got \{\}$/,
  ],
  [{ pipeline: 'api' }, TypeError, /pipeline must be a pipeline.*got "api"/],
  [{ judge: 'failure' }, TypeError, /judge must be a function, got "failure"/],
  [{ keyOf: 'host' }, TypeError, /keyOf must be a function/],
  [{ fetch: {} }, TypeError, /fetch must be a function/],
  [{ retryMethods: 'POST' }, TypeError, /retryMethods must be an array of method names, got "POST"/],
  [{ retryMethods: [1] }, TypeError, /retryMethods must be an array of method names, got 1/],
  [{ retryMethods: [''] }, TypeError, /retryMethods must be an array of method names, got ""/],
  [{ throwOnFailure: 1 }, TypeError, /throwOnFailure must be true or false, got 1/],
  [{ deadlineHeader: '' }, TypeError, /deadlineHeader must be a string that is not empty, got ""/],
  [{ deadlineHeader: 'no good' }, TypeError, /deadlineHeader must be a name for a header, got "no good"/],
  [{ retries: 3 }, TypeError, /unknown option "retries", got 3; allowed are pipeline, keyOf,/],
])('%j is refused', (options, Kind, message) => {
  expect(() => resilientFetch(options)).toThrow(message);
  expect(() => resilientFetch(options)).toThrow(Kind);
});

const echo = (async (_: unknown, init?: RequestInit) => new Response(JSON.stringify(init))) as typeof fetch;

test('what is no URL of HTTP goes to the plain fetch', async () => {
  const sent: unknown[] = [];
  const plain = (async (...args: unknown[]) => {
    sent.push(...args);
    return new Response('x');
  }) as typeof globalThis.fetch;
  const fetch = resilientFetch({ fetch: plain });
  const init = { method: 'POST' };
  await fetch('data:text/plain,x', init);
  await fetch('/relative');
  expect(sent).toEqual(['data:text/plain,x', init, '/relative', undefined]);
  expect(fetch.pipeline.size).toBe(0);
});

test.each([undefined, null, 5, {}, Symbol('x')])('%s for a URL rejects as fetch does', async (input) => {
  const theirs = await fetch(input as never).catch((error: unknown) => error);
  const ours = await resilientFetch()(input as never).catch((error: unknown) => error);
  expect(ours).toEqual(theirs);
});

test('each origin has a pipeline, and keyOf makes it another', async () => {
  const fetch = resilientFetch({ fetch: echo });
  for (const url of ['http://a.example/1', 'http://a.example/2', 'https://a.example/', 'http://b.example'])
    await fetch(url);
  expect([...fetch.pipeline.entries()].map(([key]) => key).sort()).toEqual([
    'http://a.example',
    'http://b.example',
    'https://a.example',
  ]);
  const tenants = keyed((tenant) => pipeline(tenant));
  const byTenant = resilientFetch({
    fetch: echo,
    pipeline: tenants,
    keyOf: (url, init) => `${new URL(url).pathname} ${init?.method}`,
  });
  await byTenant('http://a.example/kelp', { method: 'PUT' });
  expect([...tenants.entries()].map(([key]) => key)).toEqual(['/kelp PUT']);
});

test('what keyOf throws is what the call rejects with', async () => {
  const fault = new Error('no tenant');
  const fetch = resilientFetch({
    fetch: echo,
    keyOf: () => {
      throw fault;
    },
  });
  await expect(fetch('http://a.example')).rejects.toBe(fault);
});

test('fields that it does not know are passed on, own and inherited', async () => {
  const seen: RequestInit[] = [];
  const fetch = resilientFetch({
    fetch: (async (_: unknown, init: RequestInit) => {
      seen.push(init);
      return new Response();
    }) as typeof globalThis.fetch,
  });
  const dispatcher = {};
  const init = { redirect: 'manual', duplex: 'half', dispatcher, 'x-own': 1 };
  await fetch('http://a.example', init as RequestInit);
  await fetch('http://a.example', Object.create(init) as RequestInit);
  for (const each of seen) expect(each).toMatchObject(init);
});

test('a Request in the place of the init is read as fetch reads it', async () => {
  const seen: RequestInit[] = [];
  const fetch = resilientFetch({
    fetch: (async (_: unknown, init: RequestInit) => {
      seen.push(init);
      return new Response();
    }) as typeof globalThis.fetch,
  });
  await fetch(
    'http://a.example',
    new Request('http://b.example', { method: 'PUT', headers: { 'x-a': '1' } }),
  );
  expect(seen[0]!.method).toBe('PUT');
  expect(new Headers(seen[0]!.headers).get('x-a')).toBe('1');
});

test.each([null, undefined])('%s for an init is none', async (init) => {
  const fetch = resilientFetch({ fetch: echo });
  expect(await (await fetch('http://a.example', init as undefined)).json()).toHaveProperty('signal');
  expect(fetch.pipeline.size).toBe(1);
});

test('the global fetch is looked up at each call', async () => {
  const fetch = resilientFetch();
  const { fetch: real } = globalThis;
  try {
    globalThis.fetch = async () => new Response('a mock');
    expect(await (await fetch('http://a.example')).text()).toBe('a mock');
  } finally {
    globalThis.fetch = real;
  }
});

test('the methods that are idempotent are those of RFC 9110', () => {
  expect(IDEMPOTENT_METHODS).toEqual(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
});
