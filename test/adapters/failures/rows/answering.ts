/** Answers of every class of status. */
import { type Act, redirect, reply, retryAfter } from '../../../network/acts.ts';
import { KEPT, type Row } from '../row.ts';

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
  { name: '200', acts: [OK], expected: {} as never },
  { name: '204', acts: [reply({ status: 204 })], expected: {} as never },
  { name: '205', acts: [reply({ status: 205 })], expected: {} as never },
  { name: '206', acts: answers(206, { 'content-range': 'bytes 0-3/10' }), expected: {} as never },
  { name: '301 to a 200', acts: moved(301), expected: {} as never },
  { name: '302 to a 200', acts: moved(302), expected: {} as never },
  { name: '303 to a 200, POST', acts: moved(303), asked: POST, expected: {} as never },
  { name: '307 to a 200, POST', acts: moved(307), asked: POST, expected: {} as never },
  { name: '308 to a 200', acts: moved(308), expected: {} as never },
  { name: '302 to a 503, once', acts: [redirect('/there'), ...answers(503), redirect('/there'), OK], expected: {} as never },
  { name: '302 in a loop', acts: [redirect('/')], expected: {} as never },
  { name: "302 with redirect: 'error'", acts: moved(302), asked: { redirect: 'error' }, expected: {} as never },
  { name: "302 with redirect: 'manual'", acts: moved(302), asked: { redirect: 'manual' }, expected: {} as never },
  { name: '304', acts: [reply({ status: 304 })], expected: {} as never },
  { name: '400', acts: answers(400), expected: {} as never },
  { name: '401', acts: answers(401, { 'www-authenticate': 'Bearer' }), expected: {} as never },
  { name: '403', acts: answers(403), expected: {} as never },
  { name: '404', acts: answers(404), expected: {} as never },
  { name: '408', acts: answers(408), expected: {} as never },
  { name: '409', acts: answers(409), expected: {} as never },
  { name: '410', acts: answers(410), expected: {} as never },
  { name: '418', acts: answers(418), expected: {} as never },
  { name: '425', acts: answers(425), expected: {} as never },
  { name: '429', acts: answers(429), expected: {} as never },
  { name: '429 with retry-after: 2, once', acts: [retryAfter(2, 429), OK], expected: {} as never },
  { name: '451', acts: answers(451), expected: {} as never },
  { name: '500', acts: answers(500), expected: {} as never },
  { name: '501', acts: answers(501), expected: {} as never },
  { name: '502', acts: answers(502), expected: {} as never },
  { name: '503', acts: answers(503), expected: {} as never },
  { name: '503, once', acts: [...answers(503), OK], expected: {} as never },
  { name: '503 with retry-after: 2', acts: [retryAfter(2)], expected: {} as never },
  { name: '503 with a retry-after of a date 3 s away, once', acts: [...answers(503, later(3)), OK], expected: {} as never },
  { name: '503 with retry-after: 120, more than is waited for', acts: [retryAfter(120)], expected: {} as never },
  { name: '503 with retry-after: 40, past the deadline', acts: [retryAfter(40)], expected: {} as never },
  { name: '503 with a body of 10 MB', acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) })], expected: {} as never },
  { name: '503 with a body of 10 MB, once', acts: [reply({ status: 503, body: 'x'.repeat(10_000_000) }), OK], expected: {} as never },
  { name: '504', acts: answers(504), expected: {} as never },
  { name: '505', acts: answers(505), expected: {} as never },
  { name: '511', acts: answers(511), expected: {} as never },
  { name: '599', acts: answers(599), expected: {} as never },
];
