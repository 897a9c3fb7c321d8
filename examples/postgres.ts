/**
 * postgres: a service that asks another over HTTP and writes to Postgres, both wrapped. Run it with
 *
 *   npm run build && npx node examples/postgres.ts
 *
 * `orders` asks `prices` what something costs, and books the order. Connections to the database break in turn at every
 * place where it matters.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRejection, TimeoutError } from 'holdfast';
import { resilientFetch } from 'holdfast/fetch';
import { OutcomeUnknownError, resilientPool } from 'holdfast/postgres';
import { Client, Pool } from 'pg';
import { startDatabase } from './database/start.ts';

async function serve(listener: RequestListener): Promise<[url: string, server: Server]> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server];
}

// The other service: it is restarted now and then.
let asked = 0;
const [pricesUrl, prices] = await serve((request, response) => {
  asked++;
  if (asked === 1) request.socket.resetAndDestroy();
  else response.end('1250');
});

const database = await startDatabase();
const pool = new Pool({
  connectionString: database.connectionString,
  max: 5,
  connectionTimeoutMillis: 5_000,
});
const fetch = resilientFetch();
const db = resilientPool(pool);
await db.query('create table orders (id int generated always as identity, item text, cents int)');

// An operator who ends the sessions of the service, as a restart of the database would.
const operator = new Client({ connectionString: database.connectionString });
await operator.connect();
const endSessions = async (): Promise<void> => {
  await operator.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
  );
};

/** What happens in the middle of the next order, once. */
let accident: (() => Promise<void>) | undefined;

async function order(item: string): Promise<number> {
  const price = await fetch(`${pricesUrl}/${item}`);
  const cents = Number(await price.text());
  return db.transaction(async (tx) => {
    const { rows } = await tx.query('insert into orders (item, cents) values ($1, $2) returning id', [
      item,
      cents,
    ]);
    const happens = accident;
    accident = undefined;
    await happens?.();
    await tx.query('select pg_notify($1, $2)', ['orders', item]);
    return rows[0]?.id;
  });
}

const [url, orders] = await serve(async (request, response) => {
  try {
    const id = await order(request.url!.slice(1));
    response.end(`order ${id} is booked`);
  } catch (error) {
    if (isRejection(error)) response.writeHead(503).end('nothing was booked; try again later');
    else if (error instanceof OutcomeUnknownError) response.writeHead(502).end('look whether it was booked');
    else if (error instanceof TimeoutError)
      response.writeHead(504).end('it took too long; nothing was booked');
    else response.writeHead(500).end('nothing was booked');
  }
});

async function ask(title: string, item: string): Promise<void> {
  const answer = await globalThis.fetch(`${url}/${item}`);
  const { rows } = await operator.query('select count(*)::int as n from orders where item = $1', [item]);
  console.log(`${title}: ${answer.status} ${await answer.text()}; there: ${rows[0].n}`);
}

await ask('prices was restarted', 'kelp');
await endSessions();
await ask('the sessions had been ended', 'limpet');
accident = endSessions;
await ask('they are ended in the middle', 'barnacle');

orders.close();
prices.close();
await pool.end();
await operator.end();
await database.stop();

// prints:
//   prices was restarted: 200 order 1 is booked; there: 1
//   the sessions had been ended: 200 order 2 is booked; there: 1
//   they are ended in the middle: 200 order 4 is booked; there: 1
