/**
 * The one pool of connections through which the gateway reaches all three services, and one call over it.
 *
 * This is what they share, and so the way along which a cascade travels: a call that hangs keeps its
 * connection, and when all of them are kept, nobody calls anybody.
 */
import { Agent, get } from 'node:http';
import { poolSize, type Route } from './scenario.ts';

/**
 * Places for connections, first come, first served, as in a database's pool or a proxy's.
 *
 * An `Agent` with `maxTotalSockets` is such a limit too, but hands a free place to waiters of the same service
 * first, and tells one that is aborted while it waits only when its turn has come. Then some of the cascade
 * would be the agent's doing; this pool is as fair as one can be.
 */
class ConnectionPool {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(admit);
        reject(signal?.reason);
      };
      this.#waiting.add(admit);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  give(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

export class ServiceError extends Error {
  readonly status: number;

  constructor(service: Route, status: number) {
    super(`${service} answered ${status}`);
    this.name = 'ServiceError';
    this.status = status;
  }
}

const pool = new ConnectionPool(poolSize);
// A connection serves one call and closes, so that there are never more of them than places in the pool.
const agent = new Agent({ keepAlive: false });

export async function callService(service: Route, port: number, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  await pool.take(signal);
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, agent, signal }, (response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => (status < 300 ? resolve(body) : reject(new ServiceError(service, status))));
      response.on('error', reject);
    });
    request.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
    request.on('close', () => pool.give());
  });
}
