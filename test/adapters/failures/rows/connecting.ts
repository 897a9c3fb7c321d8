/** Failures before a request can be sent: no connection, no TLS, or one that the server has left meanwhile. */
import { reply } from '../../../network/acts.ts';
import { KEPT, NONE, type Row, timesOut } from '../row.ts';

const WARM = { calls: 1, act: reply({ body: 'ok' }) };
const POST = { method: 'POST', body: 'x' };

export const connecting: readonly Row[] = [
  {
    name: 'the port is closed',
    unreachable: 'refused',
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNREFUSED' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'the name of the host is not known',
    unreachable: 'ENOTFOUND',
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ENOTFOUND' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'no resolver answers',
    unreachable: 'EAI_AGAIN',
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause EAI_AGAIN' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'the port is closed, POST',
    unreachable: 'refused',
    asked: POST,
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNREFUSED' },
      attempts: 1,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'reset once connected',
    greets: [{ kind: 'reset' }],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'closed once connected',
    greets: [{ kind: 'end' }],
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause UND_ERR_SOCKET' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'connected, and nothing is read',
    greets: [{ kind: 'stall' }],
    moves: timesOut('sent'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 3,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'the server has gone without a word (half-open)',
    faults: [{ kind: 'half-open', gone: 'target' }],
    moves: timesOut('sent'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 30,
    },
  },
  {
    name: 'TLS: self-signed certificate',
    tls: { certificate: 'self-signed' },
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause DEPTH_ZERO_SELF_SIGNED_CERT' },
      attempts: 1,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'TLS: expired certificate',
    tls: { certificate: 'expired' },
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause CERT_HAS_EXPIRED' },
      attempts: 1,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: "TLS: another host's certificate",
    tls: { certificate: 'wrong-host' },
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ERR_TLS_CERT_ALTNAME_INVALID' },
      attempts: 1,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'TLS: handshake reset',
    tls: { certificate: 'good', handshake: 'reset' },
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 3,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'TLS: handshake stalls',
    tls: { certificate: 'good', handshake: 'stall' },
    moves: timesOut('sent'),
    expected: {
      outcome: { error: 'TimeoutError HOLDFAST_TIMEOUT of total' },
      attempts: 3,
      seen: 0,
      sockets: { kept: 0, connecting: 3, leaked: 0 },
      seconds: 30,
    },
  },
  {
    name: 'TLS: all is well',
    tls: { certificate: 'good' },
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'server restarted on the same port while a connection was idle',
    before: { ...WARM, then: 'restart' },
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'the same, POST',
    before: { ...WARM, then: 'restart' },
    asked: POST,
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 1, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'idle connection reset under the next request',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 1, sockets: KEPT, seconds: 0 },
  },
  {
    name: 'the same, POST',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    asked: POST,
    expected: {
      outcome: { error: 'TypeError: fetch failed, cause ECONNRESET' },
      attempts: 1,
      seen: 0,
      sockets: NONE,
      seconds: 0,
    },
  },
  {
    name: 'idle connection closed under the next request',
    before: { ...WARM, then: { kind: 'cut', after: { request: 1 } } },
    expected: { outcome: { status: 200, body: 'ok' }, attempts: 2, seen: 1, sockets: KEPT, seconds: 0 },
  },
];
