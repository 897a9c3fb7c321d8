/** Requests of all kinds, and what redirects make of them. */
import { Readable } from 'node:stream';
import { type Act, redirect } from '../../../../network/acts.ts';
import type { Request } from '../../../../network/inbox.ts';
import type { Sent } from './sent.ts';

export const LONG = 'long '.repeat(200_000);
const JSON_HEADERS = { 'content-type': 'application/json' };
const ECHO: Act = [{ kind: 'read' }, { kind: 'echo' }];

const streamed = (body: unknown): RequestInit =>
  ({ method: 'POST', body, duplex: 'half', headers: { 'content-type': 'text/plain' } }) as RequestInit;

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (const piece of ['one ', 'two ', 'three']) yield Buffer.from(piece);
}

function form(): FormData {
  const form = new FormData();
  form.set('field', 'value');
  form.append('file', new File(['content of a file'], 'a.txt', { type: 'text/plain' }));
  return form;
}

const METHODS: readonly Sent[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
  (method) => ({
    name: method,
    init: {
      method,
      ...(/^P/.test(method) && { body: 'payload', headers: { 'content-type': 'text/plain' } }),
    },
  }),
);

const BODIES_UP: readonly Sent[] = [
  ...Object.entries({
    'an empty string': (): string => '',
    'a string of a megabyte': () => LONG,
    bytes: () => new TextEncoder().encode('bytes'),
    'a buffer': () => new TextEncoder().encode('bytes').buffer,
    parameters: () => new URLSearchParams({ a: '1', b: 'ü' }),
    'a form with a file': form,
    'a blob': () => new Blob(['blob'], { type: 'text/css' }),
  }).map(([name, body]) => ({
    name: `${name} up`,
    init: () => ({ method: 'PUT', body: body() as BodyInit }),
  })),
  { name: 'a stream up', init: () => streamed(new Blob(['streamed']).stream()) },
  { name: 'a stream of many pieces up', init: () => streamed(Readable.toWeb(Readable.from(pieces()))) },
  { name: 'a stream of node up', init: () => streamed(Readable.from(pieces())) },
];

const REDIRECTS: readonly Sent[] = [301, 302, 303, 307, 308].flatMap((status) =>
  ['GET', 'POST'].map((method) => ({
    name: `${method}, redirected by ${status}`,
    path: '/from',
    init: {
      method,
      ...(method === 'POST' && { body: 'payload', headers: { 'content-type': 'text/plain' } }),
    },
    serve: ({ path }: Request) => (path === '/from' ? redirect('/to?a=1', status) : ECHO),
  })),
);

const MORE_REDIRECTS: readonly Sent[] = [
  {
    name: 'five redirects in a row',
    path: '/5',
    serve: ({ path }) => (path === '/0' ? ECHO : redirect(`/${Number(path.slice(1)) - 1}`)),
  },
  {
    name: 'a redirect that is not followed',
    ends: 'unfollowed',
    init: { redirect: 'manual' },
    serve: () => redirect('/to'),
  },
];

const HEADERS: readonly Sent[] = [
  {
    name: 'headers as an object',
    init: { headers: { 'X-A': '1', authorization: 'Basic abc', cookie: 'a=1' } },
  },
  { name: 'headers as Headers', init: { headers: new Headers({ accept: 'text/html', 'user-agent': 'me' }) } },
  { name: 'headers of other alphabets', init: { headers: { 'x-a': 'h\u00e9' } } },
  {
    name: 'keepalive, cache and credentials',
    init: { keepalive: true, cache: 'no-store', credentials: 'include' },
  },
  { name: 'a content type of its own', init: { method: 'POST', body: '{}', headers: JSON_HEADERS } },
  {
    name: 'headers of the answer',
    serve: () => [
      { kind: 'read' },
      {
        kind: 'write',
        bytes:
          'HTTP/1.1 200 Fine\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n',
      },
    ],
    read: async (response) => [response.headers.getSetCookie(), response.statusText],
  },
  {
    name: 'a redirect to another origin takes no credentials along',
    path: '/away',
    init: ({ other }) => ({ headers: { authorization: 'Basic abc', cookie: 'a=1', 'x-other': other.url } }),
    serve: ({ path, headers }) => (path === '/away' ? redirect(`${headers['x-other']}/here`) : ECHO),
  },
  { name: 'a query', path: '/search?q=a%20b&q=2#part' },
];

export const REQUESTS: readonly Sent[] = [
  ...METHODS,
  ...BODIES_UP,
  ...REDIRECTS,
  ...MORE_REDIRECTS,
  ...HEADERS,
];
