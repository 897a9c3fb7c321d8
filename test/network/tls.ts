/** What an HTTPS server on loopback may show its clients, made by `certificates/make.sh`, and how a handshake fails. */

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

const pem = (name: string): string =>
  readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8');

export interface Tls {
  /** The certificate: all but the self-signed one are signed by `authority`. */
  readonly certificate: 'good' | 'expired' | 'wrong-host' | 'self-signed';
  /** Never answers the client's first message, or resets the connection on it. Default: neither. */
  readonly handshake?: 'stall' | 'reset';
}

/**
 * The certificate of the authority that signed the others, for whoever is to trust it: `connect: { ca: authority }` of
 * undici's Agent, `ca` of node:https, or `setDefaultCACertificates` of node:tls for global fetch (Node 24.5 and later).
 */
export const authority: string = pem('authority');

/** Calls `serve` with the socket on which the server speaks: the same without TLS, and never if the handshake fails. */
export function secure(raw: Socket, tls: Tls | undefined, serve: (socket: Socket) => void): void {
  if (tls === undefined) return serve(raw);
  const giveUp = (): unknown => raw.destroy();
  if (tls.handshake !== undefined) {
    raw.on('error', giveUp).on('end', giveUp);
    raw.on('data', () => tls.handshake === 'reset' && raw.resetAndDestroy());
    return;
  }
  const secureContext = createSecureContext({ key: pem('key'), cert: pem(tls.certificate) });
  const socket = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
  // It flows, or else it would not hear of a client that leaves in the middle; no request comes before `secure`.
  socket.on('error', giveUp).on('end', giveUp).resume();
  socket.once('secure', () => {
    socket.off('end', giveUp);
    serve(socket);
  });
}
