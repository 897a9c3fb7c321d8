/**
 * The request to cancel what a backend does. It goes over a connection of its own, which the server closes once it has
 * passed the request on; there is no other answer, and it may come when the statement is long over
 * (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS).
 */
import type { Pool, PoolClient } from 'pg';

/**
 * - `done`: the server has passed it on, and nothing of it can come later.
 * - `unsent`: the server never got it.
 * - `unsure`: it was sent; it may still come, and hit what the client does next.
 */
export type Cancelled = 'done' | 'unsent' | 'unsure';

/** A connection of pg before it is a client: what it sends is up to its user. */
interface Wire {
  readonly stream: { destroy(): void };
  on(event: 'connect' | 'sslconnect' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

type WireClient = PoolClient & {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly sslNegotiation?: string;
  readonly connection?: Wire;
  readonly processID: number | null;
  readonly secretKey: number | null;
};

/** Closes the connection of a client, whatever happens on it. */
export function cut(client: PoolClient): void {
  (client as WireClient).connection?.stream.destroy();
}

/** Sends the request; `abort` ends it if it takes too long. */
export function requestCancel(
  pool: Pool,
  client: PoolClient,
): { readonly result: Promise<Cancelled>; abort(): void } {
  const { processID, secretKey, host, port, ssl, sslNegotiation } = client as WireClient;
  const wire = wireOf(pool);
  if (wire === undefined || processID === null || secretKey === null)
    return { result: Promise.resolve('unsent'), abort() {} };
  let sent = false;
  const result = new Promise<Cancelled>((resolve) => {
    const send = (): void => {
      sent = true;
      wire.cancel(processID, secretKey);
    };
    wire.on('connect', () => {
      if (!ssl) send();
      else if (sslNegotiation !== 'direct') wire.requestSsl();
    });
    wire.on('sslconnect', send);
    wire.on('error', () => {
      resolve(sent ? 'unsure' : 'unsent');
      wire.stream.destroy();
    });
    wire.on('end', () => resolve(sent ? 'done' : 'unsent'));
  });
  if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
  else wire.connect(port, host);
  let aborted = false;
  return {
    result: result.then((how) => (aborted && how === 'done' ? 'unsure' : how)),
    abort() {
      aborted = true;
      wire.stream.destroy();
    },
  };
}

/** A pool makes its clients with this class. Where it is another's, of pg-native say, there is no such connection. */
function wireOf(pool: Pool): Wire | undefined {
  const { Client } = pool as unknown as { Client?: new (options: unknown) => { readonly connection?: Wire } };
  return Client && new Client(pool.options).connection;
}
