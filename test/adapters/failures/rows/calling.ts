/** What the request is, what the caller does meanwhile, and what the circuit says. */
import { breakAt, reply, type Step } from '../../../network/acts.ts';
import { KEPT, NONE, type Row } from '../row.ts';

const BUSY = reply({ status: 503, body: 'said' });
const STALL: Step = { kind: 'stall' };
const FAILED = reply({ status: 500, body: 'said' });
const POST = { method: 'POST', body: 'x' };

export const calling: readonly Row[] = [
  {
    name: '503, PUT',
    acts: [BUSY],
    asked: { method: 'PUT', body: 'x' },
    expected: { outcome: { status: 503, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503, POST',
    acts: [BUSY],
    asked: POST,
    expected: { outcome: { status: 503, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503, POST with Idempotency-Key',
    acts: [BUSY],
    asked: { ...POST, headers: { 'idempotency-key': 'a1' } },
    expected: { outcome: { status: 503, body: 'said' }, attempts: 3, seen: 3, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503, PUT of a stream',
    acts: [BUSY],
    asked: { method: 'PUT', body: 'x', stream: true },
    expected: { outcome: { status: 503, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: '503, HEAD',
    acts: [BUSY],
    asked: { method: 'HEAD' },
    expected: { outcome: { status: 503, body: '' }, attempts: 3, seen: 3, sockets: NONE, seconds: 0 },
  },
  {
    name: '500, four failures before: the circuit opens between two attempts',
    before: { calls: 4, act: FAILED, asked: POST },
    acts: [FAILED],
    expected: { outcome: { status: 500, body: 'said' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'the circuit is open, after five failures',
    before: { calls: 5, act: FAILED, asked: POST },
    acts: [FAILED],
    expected: {
      outcome: { error: 'CircuitOpenError HOLDFAST_CIRCUIT_OPEN of circuit-breaker' },
      attempts: 0,
      seen: 0,
      sockets: KEPT,
      seconds: 0,
    },
  },
  {
    name: 'the caller aborts before the call',
    aborted: true,
    expected: { outcome: { error: "the caller's reason" }, attempts: 0, seen: 0, sockets: NONE, seconds: 0 },
  },
  {
    name: 'the caller aborts before the answer',
    acts: [breakAt('answer', STALL)],
    moves: [{ at: 'read', nth: 1, abort: true }],
    expected: { outcome: { error: "the caller's reason" }, attempts: 1, seen: 1, sockets: NONE, seconds: 0 },
  },
  {
    name: 'the caller aborts in the headers',
    acts: [breakAt('headers', STALL)],
    moves: [{ at: 'read', nth: 1, abort: true }],
    expected: { outcome: { error: "the caller's reason" }, attempts: 1, seen: 1, sockets: NONE, seconds: 0 },
  },
  {
    name: 'the caller aborts in the body',
    acts: [breakAt('body', STALL)],
    moves: [{ at: 'answered', nth: 1, abort: true }],
    expected: {
      outcome: { status: 200, error: "the caller's reason" },
      attempts: 1,
      seen: 1,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'the caller aborts while a retry waits',
    acts: [BUSY],
    moves: [{ at: 'waiting', nth: 1, abort: true }],
    expected: { outcome: { error: "the caller's reason" }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
];
