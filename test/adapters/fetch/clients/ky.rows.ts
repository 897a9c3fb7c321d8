/** What ky has beyond `fetch`: Request objects throughout, hooks, progress, its own retry and timeout. */
import ky, { type KyInstance } from 'ky';
import { breakAt, chunked, reply, retryAfter } from '../../../network/acts.ts';
import type { Sender } from './any/sent.ts';
import type { Fetch, Row } from './script.ts';

export const connect = (fetch: Fetch, prefixUrl: string): KyInstance =>
  ky.create({ fetch, prefixUrl, retry: { delay: () => 0 } });

export const sender: Sender<KyInstance> = {
  send: (client, path, init) => client(path.slice(1), { ...init, retry: 0 }),
  errors: {
    status: /^HTTPError$/,
    unfollowed: /^HTTPError$/,
    network: /^TypeError$/,
    abort: /^(DOMException|Error|RangeError)$/,
    mistake: /^TypeError$/,
  },
};

const json = (body: unknown, status = 200) =>
  reply({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const STALL = { kind: 'stall' } as const;

/** Fails so many times for each path. */
const failing =
  (times: number, status = 503): Row<unknown>['serve'] =>
  (_, nth) =>
    nth <= times ? json({ nth }, status) : json({ nth: 'last' });

export const KY: readonly Row<KyInstance>[] = [
  ...(['json', 'text', 'blob', 'arrayBuffer'] as const).map((type) => ({
    name: `.${type}()`,
    serve: () => chunked(['{"a":', '1}']),
    run: ({ client }: { client: KyInstance }) => client('short')[type](),
  })),
  {
    name: 'JSON of nothing',
    serve: () => reply({ status: 204 }),
    run: ({ client }) => client('none').json(),
  },
  {
    name: 'JSON up',
    run: async ({ client }) => {
      for (const method of ['post', 'put', 'patch', 'delete'] as const)
        await client[method]('items', { json: { a: [1, null] } }).json();
    },
  },
  { name: 'HEAD', run: ({ client }) => client.head('items') },
  {
    name: 'searchParams of each kind',
    run: async ({ client }) => {
      for (const searchParams of ['?a=1', { a: 1, b: 'ü', c: undefined }, new URLSearchParams('a=1&a=2')])
        await client('search?lost=1', { searchParams });
    },
  },
  {
    name: 'a client made of a client',
    run: ({ client, url }) =>
      client
        .extend({ headers: { 'x-a': '1', 'x-b': '1' }, prefixUrl: `${url}/v1` })
        .extend({ headers: { 'x-b': '2', 'x-a': undefined } })('items')
        .json(),
  },
  {
    name: 'a Request',
    run: ({ client, url }) => {
      const request = new Request(`${url}/request`, {
        method: 'PUT',
        body: 'payload',
        headers: { 'x-a': '1' },
      });
      return client(request, { prefixUrl: '' }).json();
    },
  },
  {
    name: 'a Request, overridden',
    run: ({ client, url }) =>
      client(new Request(`${url}/request`, { headers: { 'x-a': '1' } }), {
        prefixUrl: '',
        method: 'post',
        body: new URLSearchParams({ a: '1' }),
        headers: { 'x-b': '2' },
      }).json(),
  },
  {
    name: 'a clone of a Request',
    run: async ({ client, url }) => {
      const request = new Request(`${url}/request`, { method: 'PATCH', body: 'payload' });
      const answers = [await client(request.clone(), { prefixUrl: '' }).json()];
      return [...answers, await client(request, { prefixUrl: '' }).json()];
    },
  },
  { name: 'a URL', run: ({ client, url }) => client(new URL('/there', url), { prefixUrl: '' }).json() },
  { name: 'a data: URL', run: ({ client }) => client('data:text/plain,hello', { prefixUrl: '' }).text() },
  { name: 'no URL', throws: /^TypeError$/, run: ({ client }) => client('nowhere', { prefixUrl: '' }) },
  {
    name: 'hooks in their order',
    run: async ({ client }) => {
      const told: unknown[] = [];
      const value = await client('hooked', {
        hooks: {
          beforeRequest: [
            (request) => {
              told.push(request.url);
              request.headers.set('x-hook', '1');
            },
          ],
          afterResponse: [async (_request, _options, response) => void told.push(await response.text())],
        },
      }).json();
      return [value, told.length];
    },
  },
  {
    name: 'a hook that answers itself',
    run: ({ client }) =>
      client('never', { hooks: { beforeRequest: [() => new Response('{"mine":1}')] } }).json(),
  },
  {
    name: 'a hook that makes another Request',
    run: ({ client, url }) => {
      const other = () => new Request(`${url}/other`, { method: 'POST', body: 'other' });
      return client('one', { hooks: { beforeRequest: [other] } }).json();
    },
  },
  {
    name: 'a hook that replaces the answer',
    run: ({ client }) =>
      client('replaced', { hooks: { afterResponse: [() => new Response('{"mine":1}')] } }).json(),
  },
  {
    name: 'a hook that asks for another try',
    serve: (_, nth) => json({ nth, ready: nth % 3 === 0 }),
    run: ({ client }) =>
      client('poll', {
        hooks: {
          afterResponse: [
            async (_request, _options, response) =>
              ((await response.json()) as { ready: boolean }).ready ? undefined : ky.retry({ delay: 0 }),
          ],
        },
      }).json(),
  },
  {
    name: 'a hook for a new token',
    serve: ({ headers }) => (headers.authorization === 'Bearer new' ? json('in') : json('out', 401)),
    run: ({ client }) =>
      client
        .post('token', {
          json: { a: 1 },
          headers: { authorization: 'Bearer old' },
          hooks: {
            afterResponse: [
              (request, _options, response) => {
                if (response.status !== 401) return;
                const headers = new Headers(request.headers);
                headers.set('authorization', 'Bearer new');
                return ky.retry({ request: new Request(request, { headers }) });
              },
            ],
          },
        })
        .json(),
  },
  {
    name: 'a hook of an error',
    throws: /^HTTPError$/,
    serve: () => json({ why: 'gone' }, 410),
    run: ({ client }) => {
      const explain = async (error: Error & { response: Response }) => {
        error.message = ((await error.response.json()) as { why: string }).why;
        return error;
      };
      return client('gone', { hooks: { beforeError: [explain as never] } });
    },
  },
  {
    name: 'its own retry, with hooks',
    through: 'once',
    serve: failing(2),
    run: async ({ client }) => {
      const told: unknown[] = [];
      const beforeRetry = [
        ({ error, retryCount }: object & { error: Error; retryCount: number }) => {
          told.push(retryCount, error);
        },
      ];
      return [
        await client('twice', { retry: { limit: 2, delay: () => 0 }, hooks: { beforeRetry } }).json(),
        told,
      ];
    },
  },
  {
    name: 'its own retry, of a POST',
    serve: failing(2),
    run: ({ client }) =>
      client.post('post', { json: { a: 1 }, retry: { limit: 2, methods: ['post'], delay: () => 0 } }).json(),
  },
  {
    name: 'its own retry, of a stream',
    serve: failing(1),
    run: ({ client }) =>
      client
        .post('stream', {
          body: new Blob(['streamed']).stream(),
          retry: { limit: 2, methods: ['post'], delay: () => 0 },
        })
        .json(),
  },
  {
    name: 'its own retry, of a reset',
    through: 'once',
    serve: (_, nth) => (nth < 3 ? breakAt('answer', { kind: 'reset' }) : json('there')),
    run: ({ client }) => client('reset').json(),
  },
  {
    name: 'its own retry, with a hint',
    through: 'once',
    serve: (_, nth) => (nth === 1 ? retryAfter(0, 429) : json('now')),
    run: ({ client }) => client('hint').json(),
  },
  {
    name: 'both retries, which succeed in the end',
    through: 'again',
    serve: failing(2),
    run: ({ client }) => client('both').json(),
  },
  {
    name: 'both retries, which do not',
    through: 'again',
    throws: /^HTTPError$/,
    serve: () => json({ why: 'down' }, 503),
    run: ({ client }) => client('never', { retry: { limit: 1, delay: () => 0 } }),
  },
  {
    name: 'its own timeout',
    throws: /^TimeoutError$/,
    serve: () => [STALL],
    run: ({ client }) => client('slow', { timeout: 20 }),
  },
  {
    name: 'its own timeout, and a retry',
    serve: (_, nth) => (nth === 1 ? [STALL] : json('soon')),
    run: ({ client }) =>
      client('slow-once', { timeout: 20, retry: { retryOnTimeout: true, delay: () => 0 } }).json(),
  },
  { name: 'no timeout', run: ({ client }) => client('whenever', { timeout: false }).json() },
  {
    name: 'errors that are ignored',
    serve: () => json({ why: 'gone' }, 410),
    run: ({ client }) => client('gone', { throwHttpErrors: false }),
  },
  {
    name: 'progress down',
    serve: () => reply({ body: 'x'.repeat(300_000) }),
    run: async ({ client }) => {
      let last: unknown;
      const onDownloadProgress = (progress: unknown): void => {
        last = progress;
      };
      const text = await client('down', { onDownloadProgress }).text();
      return [text.length, last];
    },
  },
  {
    name: 'progress up',
    run: async ({ client }) => {
      let last: unknown;
      const onUploadProgress = (progress: unknown): void => {
        last = progress;
      };
      await client.put('up', { body: 'x'.repeat(300_000), onUploadProgress });
      return last;
    },
  },
  {
    name: 'a parser of its own',
    run: ({ client }) => client('parsed', { parseJson: (text) => text.length > 0 }).json(),
  },
  {
    name: 'a body that is no JSON',
    throws: /^SyntaxError$/,
    serve: () => reply({ body: '{"a":' }),
    run: ({ client }) => client('broken').json(),
  },
  {
    name: 'a body that breaks while it is read',
    throws: /^TypeError$/,
    serve: () => breakAt('body', { kind: 'reset' }),
    run: ({ client }) => client('cut').text(),
  },
  {
    name: 'twenty at once',
    run: ({ client }) =>
      Promise.all(
        Array.from({ length: 20 }, async () => (await client('at/once').json<{ path: string }>()).path),
      ),
  },
];
