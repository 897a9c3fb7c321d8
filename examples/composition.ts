/**
 * Composition: a service that asks a dependency over HTTP, and the dependency misbehaves in turn. Run it with
 *
 *   npm run build && npx node examples/composition.ts
 *
 * The server is real and stands in this process, on a port of its own; the whole takes about a second and a half.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  isRejection,
  type Judge,
  pipeline,
  retry,
  timeout,
} from 'holdfast';

// ---- the dependency

type Manner = 'well' | 'fails once' | 'asks to wait' | 'hangs' | 'down';
let manner: Manner = 'well';
let seen = 0;

const server = createServer((_request, response) => {
  seen++;
  const first = seen === 1;
  if (manner === 'hangs') return; // and never answers
  if (manner === 'down' || (manner === 'fails once' && first)) response.writeHead(503);
  else if (manner === 'asks to wait' && first) response.writeHead(429, { 'retry-after': '0.1' });
  response.end('["kelp","limpet"]');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

// ---- the service

class StatusError extends Error {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(response: Response) {
    super(`status ${response.status}`);
    this.status = response.status;
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    this.retryAfterMs = seconds >= 0 ? seconds * 1_000 : undefined;
  }
}

// 429 and 5xx are the dependency's fault and may pass; any other status is ours, and says nothing about it.
const byStatus: Judge = ({ error }) => {
  if (!(error instanceof StatusError)) return undefined;
  if (error.status < 500 && error.status !== 429) return 'ignore';
  return { verdict: 'failure', retryAfterMs: error.retryAfterMs };
};

const catalog = pipeline(
  { name: 'catalog', judge: byStatus },
  fallback(['(nothing)']), // whatever happens, the page is shown
  timeout({ ms: 10_000 }), // the whole call
  retry({ retries: 2, backoff: constant(10) }),
  circuitBreaker({ consecutiveFailures: 5, openMs: 60_000 }), // sees every attempt
  timeout({ ms: 1_000 }), // each attempt, its wait in the queue included
  bulkhead({ concurrency: 10, queue: 10 }), // innermost: holds its place until the work has ended
);

const products = catalog.wrapCall(async ({ signal }, page: number): Promise<string[]> => {
  const response = await fetch(`${url}?page=${page}`, { signal });
  const body = await response.text(); // read to its end in either case, so that the connection is free again
  if (!response.ok) throw new StatusError(response);
  return JSON.parse(body);
});

// ---- what an engineer sees

catalog.on('state', ({ policy, from, to, reason }) =>
  console.log(`  ${policy}: ${from} -> ${to}, ${reason}`),
);
catalog.on('retry', ({ attempt, outcome, delayMs }) => {
  const { name, message } = outcome.error as Error;
  console.log(
    `  attempt ${attempt}: ${name}: ${message}; again in ${delayMs < 100 ? delayMs : '100 or more'} ms`,
  );
});
catalog.on('fallback', ({ error }) => {
  console.log(`  fallback for ${(error as Error).name}, ${isRejection(error) ? 'not called' : 'called'}`);
});

for (const next of ['well', 'fails once', 'asks to wait', 'hangs', 'down'] as const) {
  manner = next;
  seen = 0;
  console.log(`the dependency ${next === 'well' || next === 'down' ? 'is ' : ''}${next}`);
  const found = await products(1);
  console.log(`  ${found.join(', ')}; requests at the server: ${seen}`);
}

server.closeAllConnections();
server.close();

// prints:
//   the dependency is well
//     kelp, limpet; requests at the server: 1
//   the dependency fails once
//     attempt 1: Error: status 503; again in 10 ms
//     kelp, limpet; requests at the server: 2
//   the dependency asks to wait
//     attempt 1: Error: status 429; again in 100 or more ms
//     kelp, limpet; requests at the server: 2
//   the dependency hangs
//     attempt 1: TimeoutError: catalog: timeout-2 of 1000 ms is over; again in 10 ms
//     attempt 2: TimeoutError: catalog: timeout-2 of 1000 ms is over; again in 10 ms
//     fallback for TimeoutError, called
//     (nothing); requests at the server: 3
//   the dependency is down
//     attempt 1: Error: status 503; again in 10 ms
//     circuit-breaker: closed -> open, consecutive-failures
//     attempt 2: Error: status 503; again in 10 ms
//     fallback for Error, called
//     (nothing); requests at the server: 2
