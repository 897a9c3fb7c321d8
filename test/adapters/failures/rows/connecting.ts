/** Failures before a request can be sent: no connection, no TLS, or one that the server has left meanwhile. */
import { reply } from '../../../network/acts.ts';
import { failed, gets, KEPT, NONE, type Row, timedOut, timesOut } from '../row.ts';

const WARM = { calls: 1, act: reply({ body: 'ok' }) };
const POST = { method: 'POST', body: 'x' };

export const connecting: readonly Row[] = [
  {
    name: 'the port is closed',
    unreachable: 'refused',
    expected: gets(failed('ECONNREFUSED'), 3, 0, NONE),
  },
  {
    name: 'the name of the host is not known',
    unreachable: 'ENOTFOUND',
    expected: gets(failed('ENOTFOUND'), 3, 0, NONE),
  },
  {
    name: 'no resolver answers',
    unreachable: 'EAI_AGAIN',
    expected: gets(failed('EAI_AGAIN'), 3, 0, NONE),
  },
  {
    name: 'the port is closed, POST',
    unreachable: 'refused',
    asked: POST,
    expected: gets(failed('ECONNREFUSED'), 1, 0, NONE),
  },
  {
    name: 'reset once connected',
    greets: [{ kind: 'reset' }],
    expected: gets(failed('ECONNRESET'), 3, 0, NONE),
  },
  {
    name: 'closed once connected',
    greets: [{ kind: 'end' }],
    expected: gets(failed('UND_ERR_SOCKET', 'SocketError'), 3, 3, NONE),
  },
  {
    name: 'connected, then silence',
    greets: [{ kind: 'stall' }],
    moves: timesOut('sent'),
    expected: gets(timedOut('total'), 3, 3, NONE, 30),
  },
  {
    name: 'the server has gone without a word (half-open)',
    faults: [{ kind: 'half-open', gone: 'target' }],
    moves: timesOut('sent'),
    expected: gets(timedOut('total'), 3, 0, NONE, 30),
  },
  {
    name: 'TLS: self-signed certificate',
    tls: { certificate: 'self-signed' },
    expected: gets(failed('DEPTH_ZERO_SELF_SIGNED_CERT'), 1, 0, NONE),
  },
  {
    name: 'TLS: expired certificate',
    tls: { certificate: 'expired' },
    expected: gets(failed('CERT_HAS_EXPIRED'), 1, 0, NONE),
  },
  {
    name: "TLS: another host's certificate",
    tls: { certificate: 'wrong-host' },
    expected: gets(failed('ERR_TLS_CERT_ALTNAME_INVALID'), 1, 0, NONE),
  },
  {
    name: 'TLS: handshake reset',
    tls: { certificate: 'good', handshake: 'reset' },
    expected: gets(failed('ECONNRESET'), 3, 0, NONE),
  },
  {
    name: 'TLS: handshake stalls',
    tls: { certificate: 'good', handshake: 'stall' },
    moves: timesOut('sent'),
    expected: gets(timedOut('total'), 3, 0, { kept: 0, connecting: 3, leaked: 0 }, 30),
  },
  {
    name: 'TLS: all is well',
    tls: { certificate: 'good' },
    expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT),
  },
  {
    name: 'server restarted on its port while a connection was idle',
    before: { ...WARM, then: 'restart' },
    expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT),
  },
  {
    name: 'server restarted on its port while a connection was idle, POST',
    before: { ...WARM, then: 'restart' },
    asked: POST,
    expected: gets({ status: 200, body: 'ok' }, 1, 1, KEPT),
  },
  {
    name: 'idle connection reset under the next request',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    expected: gets({ status: 200, body: 'ok' }, 2, 1, KEPT),
  },
  {
    name: 'idle connection reset under the next request, POST',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    asked: POST,
    expected: gets(failed('ECONNRESET'), 1, 0, NONE),
  },
  {
    name: 'idle connection closed under the next request',
    before: { ...WARM, then: { kind: 'cut', after: { request: 1 } } },
    expected: gets({ status: 200, body: 'ok' }, 2, 1, KEPT),
  },
];
