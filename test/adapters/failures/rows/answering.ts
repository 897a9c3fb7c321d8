/** Answers of every class of status. */
import { type Act, redirect, reply, retryAfter } from '../../../network/acts.ts';
import { gets, KEPT, measured, NONE, type Row, TWO_KEPT } from '../row.ts';

const POST = { method: 'POST', body: 'x' };
const answers = (status: number, headers: Record<string, string> = {}): readonly Act[] => [
  reply({ status, headers, body: 'said' }),
];
const OK = reply({ body: 'ok' });
const DATE = new Date('2030-01-01T12:00:00Z');
const later = (seconds: number): Record<string, string> => ({
  date: DATE.toUTCString(),
  'retry-after': new Date(DATE.getTime() + seconds * 1_000).toUTCString(),
});
const moved = (status: number): readonly Act[] => [redirect('/there', status), OK];

export const answering: readonly Row[] = [
  { name: '200', acts: [OK], expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT) },
  { name: '204', acts: [reply({ status: 204 })], expected: gets({ status: 204, body: '' }, 1, 1, KEPT) },
  { name: '205', acts: [reply({ status: 205 })], expected: gets({ status: 205, body: '' }, 1, 1, KEPT) },
  {
    name: '206',
    acts: answers(206, { 'content-range': 'bytes 0-3/10' }),
    expected: gets({ status: 206, body: 'said' }, 1, 1, KEPT),
  },
  { name: '301 to a 200', acts: moved(301), expected: gets({ status: 200, body: 'ok' }, 1, 2, TWO_KEPT) },
  { name: '302 to a 200', acts: moved(302), expected: gets({ status: 200, body: 'ok' }, 1, 2, TWO_KEPT) },
  {
    name: '303 to a 200, POST',
    acts: moved(303),
    asked: POST,
    expected: gets({ status: 200, body: 'ok' }, 1, 2, TWO_KEPT),
  },
  {
    name: '307 to a 200, POST',
    acts: moved(307),
    asked: POST,
    expected: gets({ status: 200, body: 'ok' }, 1, 2, TWO_KEPT),
  },
  { name: '308 to a 200', acts: moved(308), expected: gets({ status: 200, body: 'ok' }, 1, 2, TWO_KEPT) },
  {
    name: '302 to a 503, once',
    acts: [redirect('/there'), ...answers(503), redirect('/there'), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 4, TWO_KEPT),
  },
  {
    name: '302 in a loop',
    acts: [redirect('/')],
    // undici's interceptor sees that it has been there.
    expected: {
      resilientFetch: measured(
        { error: 'TypeError: fetch failed, cause redirect count exceeded' },
        1,
        21,
        TWO_KEPT,
      ),
      resilience: measured({ error: 'InvalidArgumentError UND_ERR_INVALID_ARG' }, 1, 1, NONE),
    },
  },
  {
    name: "302 with redirect: 'error'",
    acts: moved(302),
    asked: { redirect: 'error' },
    expected: gets(
      {
        resilientFetch: { error: 'TypeError: fetch failed, cause unexpected redirect' },
        resilience: { status: 302, body: '' },
      },
      1,
      1,
      KEPT,
    ),
  },
  {
    name: "302 with redirect: 'manual'",
    acts: moved(302),
    asked: { redirect: 'manual' },
    expected: gets({ status: 302, body: '' }, 1, 1, KEPT),
  },
  { name: '304', acts: [reply({ status: 304 })], expected: gets({ status: 304, body: '' }, 1, 1, KEPT) },
  { name: '400', acts: answers(400), expected: gets({ status: 400, body: 'said' }, 1, 1, KEPT) },
  {
    name: '401',
    acts: answers(401, { 'www-authenticate': 'Bearer' }),
    expected: gets({ status: 401, body: 'said' }, 1, 1, KEPT),
  },
  { name: '403', acts: answers(403), expected: gets({ status: 403, body: 'said' }, 1, 1, KEPT) },
  { name: '404', acts: answers(404), expected: gets({ status: 404, body: 'said' }, 1, 1, KEPT) },
  { name: '408', acts: answers(408), expected: gets({ status: 408, body: 'said' }, 3, 3, KEPT) },
  { name: '409', acts: answers(409), expected: gets({ status: 409, body: 'said' }, 1, 1, KEPT) },
  { name: '410', acts: answers(410), expected: gets({ status: 410, body: 'said' }, 1, 1, KEPT) },
  { name: '418', acts: answers(418), expected: gets({ status: 418, body: 'said' }, 1, 1, KEPT) },
  { name: '425', acts: answers(425), expected: gets({ status: 425, body: 'said' }, 1, 1, KEPT) },
  { name: '429', acts: answers(429), expected: gets({ status: 429, body: 'said' }, 3, 3, KEPT) },
  {
    name: '429 with retry-after: 2, once',
    acts: [retryAfter(2, 429), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT, 2),
  },
  { name: '451', acts: answers(451), expected: gets({ status: 451, body: 'said' }, 1, 1, KEPT) },
  { name: '500', acts: answers(500), expected: gets({ status: 500, body: 'said' }, 3, 3, KEPT) },
  { name: '501', acts: answers(501), expected: gets({ status: 501, body: 'said' }, 1, 1, KEPT) },
  { name: '502', acts: answers(502), expected: gets({ status: 502, body: 'said' }, 3, 3, KEPT) },
  { name: '503', acts: answers(503), expected: gets({ status: 503, body: 'said' }, 3, 3, KEPT) },
  { name: '503, once', acts: [...answers(503), OK], expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT) },
  {
    name: '503 with retry-after: 2',
    acts: [retryAfter(2)],
    expected: gets({ status: 503, body: '' }, 3, 3, KEPT, 4),
  },
  {
    name: '503 with a retry-after of a date 3 s away, once',
    acts: [...answers(503, later(3)), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT, 3),
  },
  {
    name: '503 with retry-after: 120, more than is waited for',
    acts: [retryAfter(120)],
    expected: gets({ status: 503, body: '' }, 1, 1, KEPT),
  },
  {
    name: '503 with retry-after: 40, past the deadline',
    acts: [retryAfter(40)],
    expected: gets({ status: 503, body: '' }, 1, 1, KEPT),
  },
  {
    name: '503 with a body of 10 MB',
    acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) })],
    expected: gets({ status: 503, body: '10000000 bytes' }, 3, 3, NONE),
  },
  {
    name: '503 with a body of 10 MB, once',
    acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) }), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 2, NONE),
  },
  { name: '504', acts: answers(504), expected: gets({ status: 504, body: 'said' }, 3, 3, KEPT) },
  { name: '505', acts: answers(505), expected: gets({ status: 505, body: 'said' }, 1, 1, KEPT) },
  { name: '511', acts: answers(511), expected: gets({ status: 511, body: 'said' }, 1, 1, KEPT) },
  { name: '599', acts: answers(599), expected: gets({ status: 599, body: 'said' }, 1, 1, KEPT) },
];
