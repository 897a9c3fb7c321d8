/** Answers that are errors, networks that fail, and callers who leave. */
import { breakAt, garbage, redirect, reply, retryAfter } from '../../../../network/acts.ts';
import type { Scene } from '../script.ts';
import type { Sent } from './sent.ts';

const POST = { method: 'POST', body: 'payload', headers: { 'content-type': 'text/plain' } };
const STALL = { kind: 'stall' } as const;

const status = (status: number) => () =>
  reply({
    status,
    headers: { 'content-type': 'application/json' },
    body: `{"error":{"message":"${status}","code":"a"}}`,
  });

const STATUSES: readonly Sent[] = [
  ...[400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 425, 451, 501, 505].map((code) => ({
    name: `GET, ${code}`,
    ends: 'status' as const,
    serve: status(code),
  })),
  // A POST is sent once.
  ...[408, 429, 500, 502, 503, 504].map((code) => ({
    name: `POST, ${code}`,
    ends: 'status' as const,
    init: POST,
    serve: status(code),
  })),
  // A GET would be tried again.
  ...[408, 429, 500, 502, 503, 504].map((code) => ({
    name: `GET, ${code}`,
    ends: 'status' as const,
    through: 'once' as const,
    serve: status(code),
  })),
  {
    name: 'GET, 503 with Retry-After',
    ends: 'status',
    through: 'once',
    serve: () => retryAfter(1),
  },
  { name: 'GET, 500 with no body', ends: 'status', through: 'once', serve: () => reply({ status: 500 }) },
];

const NETWORK: readonly Sent[] = [
  ...(['request', 'answer', 'headers'] as const).flatMap((place) =>
    (['reset', 'end'] as const).map((kind) => ({
      name: `POST, ${kind} in the ${place}`,
      ends: 'network' as const,
      init: POST,
      serve: () => breakAt(place, { kind }),
    })),
  ),
  {
    name: 'GET, a reset before the answer',
    ends: 'network',
    through: 'once',
    serve: () => breakAt('answer', { kind: 'reset' }),
  },
  { name: 'POST, headers that are none', ends: 'network', init: POST, serve: () => garbage },
  { name: 'a redirect that goes round', ends: 'network', path: '/round', serve: () => redirect('/round') },
  {
    name: 'a redirect that is not allowed',
    ends: 'network',
    init: { redirect: 'error' },
    serve: () => redirect('/to'),
  },
  ...['ftp://example.com', 'http://', 'http://127.0.0.1:25/'].map((location) => ({
    name: `a redirect to ${location}`,
    ends: 'network' as const,
    serve: () => redirect(location),
  })),
];

/** Leaves once the server has the request. */
const leaving =
  (reason?: unknown) =>
  ({ arrived }: Scene<unknown>, caller: AbortController): RequestInit => {
    void arrived().then(() => caller.abort(reason));
    return { signal: caller.signal };
  };

const staying = (_: unknown, { signal }: AbortController): RequestInit => ({ signal });

/** A body that never comes to its end. */
const endless = (): ReadableStream =>
  new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('a')) });

const ABORTS: readonly Sent[] = [
  { name: 'aborted before', ends: 'abort', init: () => ({ signal: AbortSignal.abort() }) },
  {
    name: 'aborted before, with a reason',
    ends: 'abort',
    init: () => ({ signal: AbortSignal.abort(new Error('left')) }),
  },
  { name: 'aborted before the headers', ends: 'abort', serve: () => [STALL], init: leaving() },
  {
    name: 'aborted before the headers, with a reason',
    ends: 'abort',
    serve: () => [STALL],
    init: leaving(new RangeError('left')),
  },
  {
    name: 'aborted within the headers',
    ends: 'abort',
    serve: () => breakAt('headers', STALL),
    init: leaving(),
  },
  {
    name: 'timed out by a signal',
    ends: 'abort',
    serve: () => [STALL],
    init: () => ({ signal: AbortSignal.timeout(20) }),
  },
  {
    name: 'aborted while a stream is sent',
    ends: 'abort',
    serve: () => [{ kind: 'read' }],
    init: (scene, caller) => ({
      ...({ method: 'POST', body: endless(), duplex: 'half', headers: POST.headers } as RequestInit),
      ...leaving()(scene, caller),
    }),
  },
  ...[undefined, new RangeError('left')].map((reason) => ({
    name: `aborted in the body${reason ? ', with a reason' : ''}`,
    serve: () => breakAt('body', STALL),
    init: staying,
    read: async ({ body }: Response, caller: AbortController) => {
      const reader = body!.getReader();
      const first = await reader.read();
      caller.abort(reason);
      return [first, await reader.read().catch((error: unknown) => error)];
    },
  })),
  {
    name: 'aborted between headers and body',
    serve: () => breakAt('body', STALL),
    init: staying,
    read: (response, caller) => {
      caller.abort();
      return response.text().catch((error: unknown) => error);
    },
  },
  {
    name: 'aborted after the end',
    init: staying,
    serve: () => reply({ body: 'whole' }),
    read: async (response, caller) => {
      const body = await response.text();
      caller.abort();
      return body;
    },
  },
];

const MISTAKES: readonly Sent[] = [
  {
    name: 'a GET with a body',
    ends: 'mistake',
    init: { body: 'payload', method: 'GET', headers: POST.headers },
  },
  { name: 'a method that is forbidden', ends: 'mistake', init: { method: 'TRACE' } },
  { name: 'a mode that there is not', ends: 'mistake', init: { mode: 'none' as RequestMode } },
];

export const FAILURES: readonly Sent[] = [...STATUSES, ...NETWORK, ...ABORTS, ...MISTAKES];
