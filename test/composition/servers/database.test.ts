import { type Bulkhead, type BulkheadPermit, bulkhead, type CircuitBreaker, circuitBreaker } from 'holdfast';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { flush, track } from '../../support/jobs.ts';
import { get, Loopback, until } from '../../support/loopback.ts';

vi.setConfig({ testTimeout: 30_000 });

let server: Loopback;
beforeEach(async () => {
  server = await Loopback.start();
});
afterEach(() => server.close());

/** A client whose unit of work is no function: a transaction is begun here, used there and ended elsewhere. */
class Database {
  readonly places: Bulkhead;
  readonly breaker: CircuitBreaker;

  constructor() {
    this.places = bulkhead({ concurrency: 3, queue: 10, queueTimeoutMs: 60_000 });
    this.breaker = circuitBreaker({ openMs: 60_000 });
  }

  async begin(signal?: AbortSignal): Promise<Transaction> {
    const place = await this.places.acquire({ signal });
    return new Transaction(this, place);
  }
}

class Transaction {
  readonly #database: Database;
  readonly #place: BulkheadPermit;

  constructor(database: Database, place: BulkheadPermit) {
    this.#database = database;
    this.#place = place;
  }

  async query(text: string): Promise<string> {
    using permit = this.#database.breaker.tryAcquire();
    if (permit === undefined) throw new Error('the database is left alone for now');
    try {
      const rows = await get(`${server.url}/${text}`);
      permit.success(rows);
      return rows;
    } catch (error) {
      // A mistake in the query says nothing about the database; `using` then gives the permit back, uncounted.
      if ((error as Error).message !== 'status 400') permit.failure(error);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#place.release();
  }
}

async function transfer(database: Database, id: number, signal?: AbortSignal): Promise<number> {
  using transaction = await database.begin(signal);
  await transaction.query(`debit-${id}`);
  await transaction.query(`credit-${id}`);
  return id;
}

it('keeps as many transactions open as there are places, and admits the others in their order', async () => {
  const database = new Database();
  server.hold();
  const transfers = Array.from({ length: 20 }, (_, i) => track(transfer(database, i)));
  await until(() => server.running === 3);
  expect([database.places.inFlight, database.places.queued]).toEqual([3, 10]);
  server.letGo();
  await until(() => transfers.every(({ state }) => state !== 'pending'));
  expect(transfers.map(({ value }) => value)).toEqual([...Array(13).keys(), ...Array(7).fill(undefined)]);
  expect(transfers.at(-1)?.error).toMatchObject({ name: 'BulkheadFullError', inFlight: 3, queued: 10 });
  expect([server.most, server.seen.length]).toEqual([3, 26]);
  expect(database.breaker.stats).toMatchObject({ calls: 26, failures: 0 });
  expect(database.places).toMatchObject({ inFlight: 0, queued: 0 });
});

it('leaves a database that fails alone, and every transaction gives its place back', async () => {
  const database = new Database();
  server.answer = () => ({ status: 500 });
  const errors: string[] = [];
  for (let i = 0; i < 20; i++)
    await transfer(database, i).catch((error: Error) => errors.push(error.message));
  expect(errors).toEqual([
    ...Array(5).fill('status 500'),
    ...Array(15).fill('the database is left alone for now'),
  ]);
  expect(server.seen).toHaveLength(5);
  expect(database.breaker).toMatchObject({ state: 'open', stats: { calls: 5, failures: 5 } });
  expect(database.places.inFlight).toBe(0);
});

it('does not hold a mistake in a query against the database', async () => {
  const database = new Database();
  server.answer = () => ({ status: 400 });
  for (let i = 0; i < 20; i++) await transfer(database, i).catch(() => {});
  expect(server.seen).toHaveLength(20);
  expect(database.breaker).toMatchObject({ state: 'closed', stats: { calls: 0 } });
});

it('lets go of whoever waits for a transaction and goes away', async () => {
  const database = new Database();
  server.hold();
  const request = new AbortController();
  const running = Array.from({ length: 3 }, (_, i) => track(transfer(database, i)));
  const waiting = Array.from({ length: 5 }, (_, i) => track(transfer(database, 3 + i, request.signal)));
  const last = track(transfer(database, 8));
  await until(() => server.running === 3);
  request.abort(new Error('client closed the request'));
  await flush();
  expect(waiting.every(({ error }) => error === request.signal.reason)).toBe(true);
  expect(database.places).toMatchObject({ inFlight: 3, queued: 1 });
  server.letGo();
  await until(() => [...running, last].every(({ state }) => state === 'fulfilled'));
  expect(database.places).toMatchObject({ inFlight: 0, queued: 0 });
  expect(server.seen).toHaveLength(8);
});

it('leaves the database alone for as long as an operator says so', async () => {
  const database = new Database();
  database.breaker.isolate('maintenance');
  await expect(transfer(database, 0)).rejects.toThrow('left alone');
  database.breaker.release('maintenance');
  database.breaker.open();
  expect(database.breaker.tryAcquire()).toBeUndefined();
  database.breaker.close();
  expect(await transfer(database, 1)).toBe(1);
  expect(server.seen).toEqual(['/debit-1', '/credit-1']);
});
