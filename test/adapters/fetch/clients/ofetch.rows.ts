/** What ofetch has beyond `fetch`: bodies and answers that it reads itself, hooks, its own retry and timeout. */
import { type $Fetch, createFetch } from 'ofetch';
import { breakAt, chunked, reply } from '../../../network/acts.ts';
import type { Sender } from './any/sent.ts';
import type { Fetch, Row } from './script.ts';

export const connect = (fetch: Fetch, baseURL: string): $Fetch => createFetch({ fetch }).create({ baseURL });

export const sender: Sender<$Fetch> = {
  send: (client, path, init) =>
    client.raw(path, { ...(init as object), responseType: 'stream', retry: 0 }) as Promise<Response>,
  errors: { status: /^FetchError$/, network: /^FetchError$/, abort: /^FetchError$/, mistake: /^FetchError$/ },
};

const json = (body: unknown, status = 200) =>
  reply({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const STALL = { kind: 'stall' } as const;

/** Fails so many times for each path. */
const failing = (times: number, status = 503): Row<unknown>['serve'] => {
  return (_, nth) => (nth <= times ? json({ nth }, status) : json({ nth: 'last' }));
};

export const OFETCH: readonly Row<$Fetch>[] = [
  { name: 'JSON', run: ({ client }) => client('/items'), serve: () => json([{ id: 1 }]) },
  { name: 'text', run: ({ client }) => client('/a'), serve: () => reply({ body: 'just text' }) },
  {
    name: 'a blob by its type',
    run: ({ client }) => client('/image'),
    serve: () => reply({ headers: { 'content-type': 'image/png' }, body: '\x89PNG' }),
  },
  {
    name: 'an event stream by its type',
    serve: () => reply({ headers: { 'content-type': 'text/event-stream' }, body: 'data: 1\n\ndata: 2\n\n' }),
    run: async ({ client }) => new Response((await client('/events')) as ReadableStream).text(),
  },
  ...(['json', 'text', 'blob', 'arrayBuffer'] as const).map((responseType) => ({
    name: `responseType: ${responseType}`,
    serve: () => chunked(['{"a":', '1}']),
    run: ({ client }: { client: $Fetch }) => client('/typed', { responseType }),
  })),
  {
    name: 'an object as the body',
    run: ({ client }) => client('/a', { method: 'POST', body: { a: [1, null] } }),
  },
  {
    name: 'an object as a form',
    run: ({ client }) =>
      client('/a', {
        method: 'POST',
        body: { a: '1' },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
  },
  { name: 'a query', run: ({ client }) => client('/a?x=1', { query: { a: [1, 2], b: 'ü', c: undefined } }) },
  {
    name: 'defaults of a client',
    run: ({ client }) =>
      client.create({ headers: { 'x-a': '1', 'x-b': '1' }, query: { v: 1 } })('/a', {
        headers: { 'x-b': '2' },
      }),
  },
  {
    name: 'a Request',
    run: ({ client, url }) => client(new Request(`${url}/request`, { method: 'PUT', body: 'payload' })),
  },
  {
    name: 'a Request, overridden',
    run: ({ client, url }) =>
      client(new Request(`${url}/request`, { headers: { 'x-a': '1' } }), { headers: { 'x-b': '2' } }),
  },
  {
    name: 'a clone of a Request',
    run: async ({ client, url }) => {
      const request = new Request(`${url}/request`, { method: 'PATCH', body: 'payload' });
      return [await client(request.clone()), await client(request), request.bodyUsed];
    },
  },
  { name: 'native', run: async ({ client, url }) => (await client.native(`${url}/native`)).json() },
  { name: 'a URL', run: ({ client, url }) => client(new URL('/there', url) as never) },
  { name: 'a data: URL', run: ({ client }) => client('data:application/json,{"a":1}', { baseURL: '' }) },
  {
    name: 'a URL of another kind',
    throws: /^FetchError$/,
    run: ({ client }) => client('file:///etc/hosts', { baseURL: '' }),
  },
  { name: 'no URL', throws: /^FetchError$/, run: ({ client }) => client('nowhere', { baseURL: '' }) },
  {
    name: 'hooks in their order',
    run: async ({ client }) => {
      const told: unknown[] = [];
      const value = await client('/hooked', {
        onRequest: ({ options, request }) => {
          told.push(['request', request]);
          options.headers.set('x-hook', '1');
        },
        onResponse: ({ response }) => void told.push(['response', response.status, response._data]),
      });
      return [told, value];
    },
  },
  {
    name: 'the hook of an error in the answer',
    serve: () => json({ why: 'gone' }, 410),
    run: async ({ client }) => {
      const told: unknown[] = [];
      const onResponseError = ({ response }: { response: Response }) => void told.push(response);
      return [await client('/hooked', { onResponseError }).catch((error: unknown) => error), told];
    },
  },
  {
    name: 'the hook of an error of the network',
    through: 'once',
    serve: () => breakAt('answer', { kind: 'reset' }),
    run: async ({ client }) => {
      const told: unknown[] = [];
      const onRequestError = ({ error }: { error: Error }) => void told.push(error);
      return [await client('/hooked', { onRequestError, retry: 0 }).catch((error: unknown) => error), told];
    },
  },
  { name: 'its own retry', through: 'once', serve: failing(1), run: ({ client }) => client('/once') },
  {
    name: 'its own retry, of a POST',
    serve: failing(2),
    run: ({ client }) => client('/post', { method: 'POST', body: { a: 1 }, retry: 2 }),
  },
  {
    name: 'its own retry, of a status that is only its own',
    serve: failing(2, 409),
    run: ({ client }) => client('/conflict', { retry: 2 }),
  },
  {
    name: 'its own retry, of a reset',
    through: 'once',
    serve: (_, nth) => (nth < 3 ? breakAt('answer', { kind: 'reset' }) : json('there')),
    run: ({ client }) => client('/reset', { retry: 2 }),
  },
  {
    name: 'both retries, which succeed in the end',
    through: 'again',
    serve: failing(1),
    run: ({ client }) => client('/both'),
  },
  {
    name: 'both retries, which do not',
    through: 'again',
    throws: /^FetchError$/,
    serve: () => json({ why: 'down' }, 503),
    run: ({ client }) => client('/never'),
  },
  {
    name: 'its own timeout',
    throws: /^FetchError$/,
    serve: () => [STALL],
    run: ({ client }) => client('/slow', { timeout: 20, retry: 0 }),
  },
  {
    // What it sends then is aborted already.
    name: 'its own timeout, and a retry',
    throws: /^FetchError$/,
    serve: (_, nth) => (nth === 1 ? [STALL] : json('soon')),
    run: ({ client }) => client('/slow-once', { timeout: 20, retryStatusCodes: [500] }),
  },
  {
    name: 'a body that is no JSON',
    throws: /^SyntaxError$/,
    serve: () => reply({ body: '{"a":' }),
    run: ({ client }) => client('/broken', { parseResponse: JSON.parse }),
  },
  {
    name: 'errors that are ignored',
    serve: () => json({ why: 'gone' }, 410),
    run: async ({ client }) => client.raw('/gone', { ignoreResponseError: true }),
  },
  {
    name: 'a body that breaks while it is read',
    throws: /^TypeError$/,
    serve: () => breakAt('body', { kind: 'reset' }),
    run: ({ client }) => client('/cut'),
  },
  {
    name: 'twenty at once',
    run: ({ client }) =>
      Promise.all(
        Array.from(
          { length: 20 },
          async (_, i) => ((await client(`/at/once`, { query: { i } })) as { path: string }).path,
        ),
      ),
  },
];
