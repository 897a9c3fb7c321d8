/** Answers of every class of status. */
import { type Act, redirect, reply, retryAfter } from '../../../network/acts.ts';
import { KEPT, NONE, type Row } from '../row.ts';

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
  {
    name: '200',
    acts: [OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '204',
    acts: [reply({ status: 204 })],
    expected: { outcome: { status: 204, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '205',
    acts: [reply({ status: 205 })],
    expected: { outcome: { status: 205, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '206',
    acts: answers(206, { 'content-range': 'bytes 0-3/10' }),
    expected: { outcome: { status: 206, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '301 to a 200',
    acts: moved(301),
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 1,
      seen: 2,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '302 to a 200',
    acts: moved(302),
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 1,
      seen: 2,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '303 to a 200, POST',
    acts: moved(303),
    asked: POST,
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 1,
      seen: 2,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '307 to a 200, POST',
    acts: moved(307),
    asked: POST,
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 1,
      seen: 2,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '308 to a 200',
    acts: moved(308),
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 1,
      seen: 2,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '302 to a 503, once',
    acts: [redirect('/there'), ...answers(503), redirect('/there'), OK],
    expected: {
      outcome: { status: 200, body: 'ok' },
      attempts: 2,
      seen: 4,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: '302 in a loop',
    acts: [redirect('/')],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause redirect count exceeded' },
      attempts: 1,
      seen: 21,
      sockets: { kept: 2, connecting: 0, leaked: 0 },
      seconds: 0,
    },
  },
  {
    name: "302 with redirect: 'error'",
    acts: moved(302),
    asked: { redirect: 'error' },
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause unexpected redirect' },
      attempts: 1,
      seen: 1,
      sockets: KEPT,
      seconds: 0,
    },
  },
  {
    name: "302 with redirect: 'manual'",
    acts: moved(302),
    asked: { redirect: 'manual' },
    expected: { outcome: { status: 302, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '304',
    acts: [reply({ status: 304 })],
    expected: { outcome: { status: 304, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '400',
    acts: answers(400),
    expected: { outcome: { status: 400, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '401',
    acts: answers(401, { 'www-authenticate': 'Bearer' }),
    expected: { outcome: { status: 401, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '403',
    acts: answers(403),
    expected: { outcome: { status: 403, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '404',
    acts: answers(404),
    expected: { outcome: { status: 404, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '408',
    acts: answers(408),
    expected: { outcome: { status: 408, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '409',
    acts: answers(409),
    expected: { outcome: { status: 409, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '410',
    acts: answers(410),
    expected: { outcome: { status: 410, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '418',
    acts: answers(418),
    expected: { outcome: { status: 418, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '425',
    acts: answers(425),
    expected: { outcome: { status: 425, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '429',
    acts: answers(429),
    expected: { outcome: { status: 429, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '429 with retry-after: 2, once',
    acts: [retryAfter(2, 429), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 2 },
  },
  {
    name: '451',
    acts: answers(451),
    expected: { outcome: { status: 451, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '500',
    acts: answers(500),
    expected: { outcome: { status: 500, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '501',
    acts: answers(501),
    expected: { outcome: { status: 501, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '502',
    acts: answers(502),
    expected: { outcome: { status: 502, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503',
    acts: answers(503),
    expected: { outcome: { status: 503, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503, once',
    acts: [...answers(503), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503 with retry-after: 2',
    acts: [retryAfter(2)],
    expected: { outcome: { status: 503, body: '' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 4 },
  },
  {
    name: '503 with a retry-after of a date 3 s away, once',
    acts: [...answers(503, later(3)), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 3 },
  },
  {
    name: '503 with retry-after: 120, more than is waited for',
    acts: [retryAfter(120)],
    expected: { outcome: { status: 503, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503 with retry-after: 40, past the deadline',
    acts: [retryAfter(40)],
    expected: { outcome: { status: 503, body: '' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503 with a body of 10 MB',
    acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) })],
    expected: {
      outcome: { status: 503, body: '10000000 bytes' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: '503 with a body of 10 MB, once',
    acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) }), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: NONE, seconds: 0 },
  },
  {
    name: '504',
    acts: answers(504),
    expected: { outcome: { status: 504, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '505',
    acts: answers(505),
    expected: { outcome: { status: 505, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '511',
    acts: answers(511),
    expected: { outcome: { status: 511, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '599',
    acts: answers(599),
    expected: { outcome: { status: 599, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
];
