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
  { name: 'reset before the request is read', acts: [breakAt('request', RESET)], asked: PUT, expected: {} as never },
  { name: 'reset after the request', acts: [breakAt('answer', RESET)], expected: {} as never },
  { name: 'reset after the request, once', acts: [breakAt('answer', RESET), OK], expected: {} as never },
  { name: 'reset after the request, POST', acts: [breakAt('answer', RESET)], asked: POST, expected: {} as never },
  { name: 'reset in the headers', acts: [breakAt('headers', RESET)], expected: {} as never },
  { name: 'reset in the body', acts: [breakAt('body', RESET)], expected: {} as never },
  { name: 'closed before the request is read', acts: [breakAt('request', END)], asked: PUT, expected: {} as never },
  { name: 'closed after the request', acts: [breakAt('answer', END)], expected: {} as never },
  { name: 'closed in the headers', acts: [breakAt('headers', END)], expected: {} as never },
  { name: 'closed in the body', acts: [breakAt('body', END)], expected: {} as never },
  { name: 'stall before the request is read', acts: [breakAt('request', STALL)], asked: PUT, moves: timesOut('read'), expected: {} as never },
  { name: 'stall after the request', acts: [breakAt('answer', STALL)], moves: timesOut('read'), expected: {} as never },
  { name: 'stall after the request, once', acts: [breakAt('answer', STALL), OK], moves: timesOut('read').slice(0, 1), expected: {} as never },
  { name: 'stall after the request, POST', acts: [breakAt('answer', STALL)], asked: POST, moves: timesOut('read').slice(0, 1), expected: {} as never },
  { name: 'stall in the headers', acts: [breakAt('headers', STALL)], moves: timesOut('read'), expected: {} as never },
  { name: 'stall in the body', acts: [breakAt('body', STALL)], moves: [{ at: 'answered', nth: 1, advance: 30_000 }], expected: {} as never },
  { name: '503, stall in its body', acts: [busyThen(STALL)], moves: [{ at: 'answered', nth: 1, advance: 30_000 }], expected: {} as never },
  { name: '503, reset in its body, once', acts: [busyThen(RESET), OK], expected: {} as never },
  { name: 'slow drip: a byte a second from the first', acts: [dripped(1_000, { body: 'ok' })], tick: 1_000, expected: {} as never },
  { name: 'slow drip: a byte a second of the body', acts: [[{ kind: 'read' }, write(headOf({ body: 'x'.repeat(60) })), { kind: 'drip', bytes: 'x'.repeat(60), everyMs: 1_000 }]], tick: 1_000, expected: {} as never },
  { name: 'slow drip: a byte a second of the body, which ends in time', acts: [[{ kind: 'read' }, write(headOf({ body: 'x'.repeat(10) })), { kind: 'drip', bytes: 'x'.repeat(10), everyMs: 1_000 }]], tick: 1_000, expected: {} as never },
  { name: 'chunked body without its last chunk', acts: [chunked(['one', 'two'], { truncated: true })], expected: {} as never },
  { name: 'body shorter than its content-length', acts: [wrongLength('0123456789', 20)], expected: {} as never },
  { name: 'body longer than its content-length', acts: [wrongLength('0123456789', 5)], expected: {} as never },
  { name: 'headers that are none', acts: [garbage], expected: {} as never },
  { name: 'headers of 20 kB, which is too much for undici', acts: [reply({ headers: { 'x-large': 'x'.repeat(20_000) } })], expected: {} as never },
  { name: 'body that is no gzip but says so', acts: [reply({ headers: { 'content-encoding': 'gzip' }, body: 'not zipped' })], expected: {} as never },
  { name: '100 before the answer', acts: [[{ kind: 'read' }, interim(100), ...OK]], expected: {} as never },
  { name: '103 before the answer', acts: [[{ kind: 'read' }, interim(103, { link: '</a.css>' }), ...OK]], expected: {} as never },
];
