/** Failures before a request can be sent: no connection, no TLS, or one that the server has left meanwhile. */
import { reply } from '../../../network/acts.ts';
import { KEPT, NONE, type Row, timesOut } from '../row.ts';

const WARM = { calls: 1, act: reply({ body: 'ok' }) };
const POST = { method: 'POST', body: 'x' };

export const connecting: readonly Row[] = [
  { name: 'the port is closed', unreachable: 'refused', expected: {} as never },
  { name: 'the name of the host is not known', unreachable: 'ENOTFOUND', expected: {} as never },
  { name: 'no resolver answers', unreachable: 'EAI_AGAIN', expected: {} as never },
  { name: 'the port is closed, POST', unreachable: 'refused', asked: POST, expected: {} as never },
  { name: 'reset once connected', greets: [{ kind: 'reset' }], expected: {} as never },
  { name: 'closed once connected', greets: [{ kind: 'end' }], expected: {} as never },
  { name: 'connected, and nothing is read', greets: [{ kind: 'stall' }], moves: timesOut('sent'), expected: {} as never },
  {
    name: 'the server has gone without a word (half-open)',
    faults: [{ kind: 'half-open', gone: 'target' }],
    moves: timesOut('sent'),
    expected: {} as never,
  },
  { name: 'TLS: self-signed certificate', tls: { certificate: 'self-signed' }, expected: {} as never },
  { name: 'TLS: expired certificate', tls: { certificate: 'expired' }, expected: {} as never },
  { name: "TLS: another host's certificate", tls: { certificate: 'wrong-host' }, expected: {} as never },
  { name: 'TLS: handshake reset', tls: { certificate: 'good', handshake: 'reset' }, expected: {} as never },
  {
    name: 'TLS: handshake stalls',
    tls: { certificate: 'good', handshake: 'stall' },
    moves: timesOut('sent'),
    expected: {} as never,
  },
  {
    name: "TLS: handshake stalls for longer than undici's connect timeout",
    tls: { certificate: 'good', handshake: 'stall' },
    connectMs: 20,
    expected: {} as never,
  },
  { name: 'TLS: all is well', tls: { certificate: 'good' }, expected: {} as never },
  { name: 'server restarted on the same port while a connection was idle', before: { ...WARM, then: 'restart' }, expected: {} as never },
  { name: 'the same, POST', before: { ...WARM, then: 'restart' }, asked: POST, expected: {} as never },
  {
    name: 'idle connection reset under the next request',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    expected: {} as never,
  },
  {
    name: 'the same, POST',
    before: { ...WARM, then: { kind: 'reset', after: { request: 1 } } },
    asked: POST,
    expected: {} as never,
  },
  {
    name: 'idle connection closed under the next request',
    before: { ...WARM, then: { kind: 'cut', after: { request: 1 } } },
    expected: {} as never,
  },
];
