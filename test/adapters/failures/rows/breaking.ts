/** Connections that break or stall in the middle of an exchange, at each place of it. */
import { type Act, breakAt, dripped, headOf, reply, type Step } from '../../../network/acts.ts';
import { failed, gets, KEPT, NONE, type Row, terminated, timedOut, timesOut } from '../row.ts';

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
    expected: gets(failed('ECONNRESET'), 3, 3, NONE),
  },
  {
    name: 'reset after the request',
    acts: [breakAt('answer', RESET)],
    expected: gets(failed('ECONNRESET'), 3, 3, NONE),
  },
  {
    name: 'reset after the request, once',
    acts: [breakAt('answer', RESET), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT),
  },
  {
    name: 'reset after the request, POST',
    acts: [breakAt('answer', RESET)],
    asked: POST,
    expected: gets(failed('ECONNRESET'), 1, 1, NONE),
  },
  {
    name: 'reset in the headers',
    acts: [breakAt('headers', RESET)],
    expected: gets(failed('ECONNRESET'), 3, 3, NONE),
  },
  {
    name: 'reset in the body',
    acts: [breakAt('body', RESET)],
    expected: gets(terminated(200, 'ECONNRESET'), 1, 1, NONE),
  },
  {
    name: 'closed before the request is read',
    acts: [breakAt('request', END)],
    asked: PUT,
    expected: gets(failed('UND_ERR_SOCKET', 'SocketError'), 3, 3, NONE),
  },
  {
    name: 'closed after the request',
    acts: [breakAt('answer', END)],
    expected: gets(failed('UND_ERR_SOCKET', 'SocketError'), 3, 3, NONE),
  },
  {
    name: 'closed in the headers',
    acts: [breakAt('headers', END)],
    expected: gets(failed('UND_ERR_SOCKET', 'SocketError'), 3, 3, NONE),
  },
  {
    name: 'closed in the body',
    acts: [breakAt('body', END)],
    expected: gets(terminated(200, 'UND_ERR_SOCKET', 'SocketError'), 1, 1, NONE),
  },
  {
    name: 'stall before the request is read',
    acts: [breakAt('request', STALL)],
    asked: PUT,
    moves: timesOut('read'),
    expected: gets(timedOut('total'), 3, 3, NONE, 30),
  },
  {
    name: 'stall after the request',
    acts: [breakAt('answer', STALL)],
    moves: timesOut('read'),
    expected: gets(timedOut('total'), 3, 3, NONE, 30),
  },
  {
    name: 'stall after the request, once',
    acts: [breakAt('answer', STALL), OK],
    moves: timesOut('read').slice(0, 1),
    expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT, 10),
  },
  {
    name: 'stall after the request, POST',
    acts: [breakAt('answer', STALL)],
    asked: POST,
    moves: timesOut('read').slice(0, 1),
    expected: gets(timedOut('attempt'), 1, 1, NONE, 10),
  },
  {
    name: 'stall in the headers',
    acts: [breakAt('headers', STALL)],
    moves: timesOut('read'),
    expected: gets(timedOut('total'), 3, 3, NONE, 30),
  },
  {
    name: 'stall in the body',
    acts: [breakAt('body', STALL)],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: gets({ status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' }, 1, 1, NONE, 30),
  },
  {
    name: 'the server goes without a word in the body (half-open)',
    faults: [{ kind: 'half-open', gone: 'target', after: { response: 60 } }],
    acts: [reply({ body: 'x'.repeat(1_000) })],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: gets({ status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' }, 1, 1, NONE, 30),
  },
  {
    name: '503, stall in its body',
    acts: [busyThen(STALL)],
    moves: [{ at: 'answered', nth: 1, advance: 30_000 }],
    expected: gets({ status: 503, error: 'TimeoutError HOLDFAST_TIMEOUT of body' }, 3, 3, NONE, 30),
  },
  {
    name: '503, reset in its body, once',
    acts: [busyThen(RESET), OK],
    expected: gets({ status: 200, body: 'ok' }, 2, 2, KEPT),
  },
  {
    name: 'slow drip: a byte a second from the first',
    acts: [dripped(1_000, { body: 'ok' })],
    tick: 1_000,
    expected: gets(timedOut('total'), 3, 3, NONE, 30),
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
    expected: gets({ status: 200, error: 'TimeoutError HOLDFAST_TIMEOUT of body' }, 1, 1, NONE, 30),
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
    expected: gets({ status: 200, body: 'xxxxxxxxxx' }, 1, 1, KEPT, 9),
  },
];
