/** Connections that break or stall in the middle of an exchange, and answers that are none. */
import {
  type Act,
  breakAt,
  chunked,
  dripped,
  garbage,
  headOf,
  interim,
  reply,
  type Step,
  wrongLength,
} from '../../../network/acts.ts';
import { KEPT, NONE, type Row, timesOut } from '../row.ts';

const PUT = { method: 'PUT', body: 'x' };
const POST = { method: 'POST', body: 'x' };
const RESET: Step = { kind: 'reset' };
const END: Step = { kind: 'end' };
const STALL: Step = { kind: 'stall' };
const OK = reply({ body: 'ok' });

const write = (bytes: string): Step => ({ kind: 'write', bytes });
const busyThen = (step: Step): Act => [
  { kind: 'read' },
  write(headOf({ status: 503, headers: { 'content-length': '10' } })),
  write('01234'),
  step,
];

export const breaking: readonly Row[] = [
  {
    name: 'reset before the request is read',
    acts: [breakAt('request', RESET)],
    asked: PUT,
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'reset after the request',
    acts: [breakAt('answer', RESET)],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'reset after the request, once',
    acts: [breakAt('answer', RESET), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'reset after the request, POST',
    acts: [breakAt('answer', RESET)],
    asked: POST,
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'reset in the headers',
    acts: [breakAt('headers', RESET)],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'reset in the body',
    acts: [breakAt('body', RESET)],
    expected: {
      outcome: { status: 200, error: 'TypeError: terminated, cause ECONNRESET' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'closed before the request is read',
    acts: [breakAt('request', END)],
    asked: PUT,
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_SOCKET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'closed after the request',
    acts: [breakAt('answer', END)],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_SOCKET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'closed in the headers',
    acts: [breakAt('headers', END)],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_SOCKET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'closed in the body',
    acts: [breakAt('body', END)],
    expected: {
      outcome: { status: 200, error: 'TypeError: terminated, cause UND_ERR_SOCKET' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'stall before the request is read',
    acts: [breakAt('request', STALL)],
    asked: PUT,
    moves: timesOut('read'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'stall after the request',
    acts: [breakAt('answer', STALL)],
    moves: timesOut('read'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'stall after the request, once',
    acts: [breakAt('answer', STALL), OK],
    moves: timesOut('read').slice(0, 1),
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 10 },
  },
  {
    name: 'stall after the request, POST',
    acts: [breakAt('answer', STALL)],
    asked: POST,
    moves: timesOut('read').slice(0, 1),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of attempt' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 10,
    },
  },
  {
    name: 'stall in the headers',
    acts: [breakAt('headers', STALL)],
    moves: timesOut('read'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'stall in the body',
    acts: [breakAt('body', STALL)],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: {
      outcome: { status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'the server goes without a word in the body (half-open)',
    faults: [{ kind: 'half-open', gone: 'target', after: { response: 60 } }],
    acts: [reply({ body: 'x'.repeat(1_000) })],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: {
      outcome: { status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: '503, stall in its body',
    acts: [busyThen(STALL)],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: {
      outcome: { status: 503, error: 'TimeoutError HOLDFAST_TIMEOUT of body' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: '503, reset in its body, once',
    acts: [busyThen(RESET), OK],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 2, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'slow drip: a byte a second from the first',
    acts: [dripped(1_000, { body: 'ok' })],
    tick: 1_000,
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'slow drip: a byte a second of the body',
    acts: [
      [
        { kind: 'read' },
        write(headOf({ body: 'x'.repeat(60) })),
        { kind: 'drip', bytes: 'x'.repeat(60), everyMs: 1_000 },
      ],
    ],
    tick: 1_000,
    expected: {
      outcome: { status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'slow drip: a byte a second of the body, which ends in time',
    acts: [
      [
        { kind: 'read' },
        write(headOf({ body: 'x'.repeat(10) })),
        { kind: 'drip', bytes: 'x'.repeat(10), everyMs: 1_000 },
      ],
    ],
    tick: 1_000,
    expected: {
      outcome: { status: 200, body: 'xxxxxxxxxx' },
      attempts: 1,
      seen: 1,
      sockets: KEPT,
      seconds: 9,
    },
  },
  {
    name: 'chunked body without its last chunk',
    acts: [chunked(['one', 'two'], { truncated: true })],
    expected: {
      outcome: { status: 200, error: 'TypeError: terminated, cause UND_ERR_SOCKET' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'body shorter than its content-length',
    acts: [wrongLength('0123456789', 20)],
    expected: {
      outcome: { status: 200, error: 'TypeError: terminated, cause UND_ERR_SOCKET' },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'body longer than its content-length',
    acts: [wrongLength('0123456789', 5)],
    expected: { outcome: { status: 200, body: '01234' }, attempts: 1, seen: 1, sockets: NONE, seconds: 0 },
  },
  {
    name: 'headers that are none',
    acts: [garbage],
    expected: {
      outcome: {
        error:
          'TypeError: fetch failed, cause Response does not match the HTTP/1.1 protocol (Invalid header token)',
      },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'headers of 20 kB, which is too much for undici',
    acts: [reply({ headers: { 'x-large': 'x'.repeat(20_000) } })],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_HEADERS_OVERFLOW' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'body that is no gzip but says so',
    acts: [reply({ headers: { 'content-encoding': 'gzip' }, body: 'not zipped' })],
    expected: {
      outcome: { status: 200, error: 'TypeError: terminated, cause Z_DATA_ERROR' },
      attempts: 1,
      seen: 1,
      sockets: KEPT,
      seconds: 0,
    },
  },
  {
    name: '100 before the answer',
    acts: [[{ kind: 'read' }, interim(100), ...OK]],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_SOCKET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: '103 before the answer',
    acts: [[{ kind: 'read' }, interim(103, { link: '</a.css>' }), ...OK]],
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
];
