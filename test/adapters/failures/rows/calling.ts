/** What the request is, what the caller does meanwhile, and what the circuit says. */
import { breakAt, reply, type Step } from '../../../network/acts.ts';
import { gets, KEPT, NONE, type Row } from '../row.ts';

const BUSY = reply({ status: 503, body: 'said' });
const STALL: Step = { kind: 'stall' };
const FAILED = reply({ status: 500, body: 'said' });
const POST = { method: 'POST', body: 'x' };

export const calling: readonly Row[] = [
  {
    name: '503, PUT',
    acts: [BUSY],
    asked: { method: 'PUT', body: 'x' },
    expected: gets({ status: 503, body: 'said' }, 3, 3, KEPT),
  },
  { name: '503, POST', acts: [BUSY], asked: POST, expected: gets({ status: 503, body: 'said' }, 1, 1, KEPT) },
  {
    name: '503, POST with Idempotency-Key',
    acts: [BUSY],
    asked: { ...POST, headers: { 'idempotency-key': 'a1' } },
    expected: gets({ status: 503, body: 'said' }, 3, 3, KEPT),
  },
  {
    name: '503, PUT of a stream',
    acts: [BUSY],
    asked: { method: 'PUT', body: 'x', stream: true },
    expected: gets({ status: 503, body: 'said' }, 1, 1, KEPT),
  },
  {
    name: '503, HEAD',
    acts: [BUSY],
    asked: { method: 'HEAD' },
    expected: gets({ status: 503, body: '' }, 3, 3, NONE),
  },
  {
    name: '500, four failures before: the circuit opens between two attempts',
    before: { calls: 4, act: FAILED, asked: POST },
    acts: [FAILED],
    expected: gets({ status: 500, body: 'said' }, 1, 1, KEPT),
  },
  {
    name: 'the circuit is open, after five failures',
    before: { calls: 5, act: FAILED, asked: POST },
    acts: [FAILED],
    expected: gets({ error: 'CircuitOpenError HOLDFAST_CIRCUIT_OPEN of circuit-breaker' }, 0, 0, KEPT),
  },
  {
    name: 'the caller aborts before the call',
    aborted: true,
    expected: gets({ error: "the caller's reason" }, 0, 0, NONE),
  },
  {
    name: 'the caller aborts before the answer',
    acts: [breakAt('answer', STALL)],
    moves: [{ at: 'read', nth: 1, abort: true }],
    expected: gets({ error: "the caller's reason" }, 1, 1, NONE),
  },
  {
    name: 'the caller aborts in the headers',
    acts: [breakAt('headers', STALL)],
    moves: [{ at: 'read', nth: 1, abort: true }],
    expected: gets({ error: "the caller's reason" }, 1, 1, NONE),
  },
  {
    name: 'the caller aborts in the body',
    acts: [breakAt('body', STALL)],
    moves: [{ at: 'answered', nth: 1, abort: true }],
    expected: gets({ status: 200, error: "the caller's reason" }, 1, 1, NONE),
  },
  {
    name: 'the caller aborts while a retry waits',
    acts: [BUSY],
    moves: [{ at: 'waiting', nth: 1, abort: true }],
    expected: gets({ error: "the caller's reason" }, 1, 1, KEPT),
  },
];
