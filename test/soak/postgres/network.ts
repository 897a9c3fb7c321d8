/**
 * The server and the proxy of the soak, in a process of their own: what they take of memory and sockets is none of the
 * client's. `start` answers with the ports; `quiet` heals the connections that are open, so that all can come to rest.
 */
import { Postgres } from '../../database/postgres.ts';
import { Storm } from '../../database/storm.ts';
import { FaultProxy } from '../../network/proxy.ts';
import { Chance } from '../outbound/chance.ts';

export interface Ready {
  /** Of the proxy, and of the server behind it. */
  readonly port: number;
  readonly direct: number;
}

const SEED = 20_261;
/** Bytes that a connection passes on before it breaks, on the average. */
const BYTES = 5_000;

// What nobody waits for any more ends in the server too, as docs/postgres.md advises.
const server = await Postgres.start({
  flags: { log_statement: 'none', client_connection_check_interval: '100ms' },
});
const proxy = await FaultProxy.start({ port: server.port, seed: SEED });
const storm = new Storm(server, proxy, new Chance(SEED), BYTES);

process.on('message', (what) => {
  if (what === 'quiet') {
    proxy.strike();
    server.log = '';
  }
  process.send!({ port: proxy.port, direct: server.port, breaks: storm.breaks });
});
process.on('disconnect', async () => {
  await proxy.close();
  await server.stop();
  process.exit();
});
