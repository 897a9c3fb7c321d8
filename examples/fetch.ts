/**
 * fetch: a service whose calls to another survive what happens there. Run it with
 *
 *   npm run build && npx node examples/fetch.ts
 *
 * `orders` asks `stock`, which is restarted, overloaded and hung in turn.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  circuitBreaker,
  constant,
  isRejection,
  keyed,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { DEADLINE_HEADER, remainingMs, resilientFetch } from 'holdfast/fetch';

async function serve(listener: RequestListener): Promise<[url: string, server: Server]> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server];
}

// The other service. It answers what it is told to, and counts what reaches it.
let mood: 'well' | 'restarting' | 'failing' | 'hung' = 'well';
let seen = 0;
const [stockUrl, stock] = await serve((request, response) => {
  seen++;
  if (mood === 'restarting') {
    mood = 'well'; // the next connection finds it up again
    request.socket.resetAndDestroy();
  } else if (mood === 'failing') {
    response.writeHead(503).end();
  } else if (mood === 'well') {
    response.end(`7 left, said with ${remainingMs(request.headers) === undefined ? 'no' : 'a'} deadline`);
  }
});

// Each host has a pipeline of its own: one that fails does not close the others.
const hosts = keyed((origin) =>
  pipeline(
    origin,
    timeout({ ms: 10_000, name: 'total' }),
    retry({ retries: 1, backoff: constant(5) }),
    circuitBreaker({ consecutiveFailures: 4, openMs: 30_000 }),
    timeout({ ms: 1_000, name: 'attempt' }),
  ),
);
const fetch = resilientFetch({ pipeline: hosts, deadlineHeader: DEADLINE_HEADER });

// The service: what it cannot get from the other one, it says plainly and at once.
const [ordersUrl, orders] = await serve(async (_, response) => {
  try {
    const answer = await fetch(`${stockUrl}/items/42`);
    response.writeHead(answer.ok ? 200 : 502).end(answer.ok ? await answer.text() : 'stock cannot answer');
  } catch (error) {
    if (isRejection(error)) response.writeHead(503, { 'retry-after': '30' }).end('stock is being left alone');
    else
      response
        .writeHead(504)
        .end(error instanceof TimeoutError ? 'stock is too slow' : 'stock is out of reach');
  }
});

async function ask(title: string): Promise<void> {
  seen = 0;
  const answer = await globalThis.fetch(ordersUrl);
  console.log(`${title}: ${answer.status} ${await answer.text()}; stock saw ${seen}`);
}

await ask('all is well');
mood = 'restarting';
await ask('restarted in the middle');
mood = 'hung';
await ask('hung');
mood = 'failing';
await ask('overloaded');
await ask('the circuit is open');

for (const server of [stock, orders]) server.close().closeAllConnections();

// prints:
//   all is well: 200 7 left, said with a deadline; stock saw 1
//   restarted in the middle: 200 7 left, said with a deadline; stock saw 2
//   hung: 504 stock is too slow; stock saw 2
//   overloaded: 502 stock cannot answer; stock saw 2
//   the circuit is open: 503 stock is being left alone; stock saw 0
