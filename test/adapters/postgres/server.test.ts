/** What only a real server shows, beside the failures of `failures.test.ts`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Client, Pool, type PoolConfig } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresOptions, resilientPool } from '../../../src/adapters/postgres/index.ts';
import { bulkhead, constant, pipeline, retry } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { Postgres } from '../../database/postgres.ts';
import { authority } from '../../network/tls.ts';
import { flush } from '../../support/jobs.ts';

const SLOW = 30_000;

let server: Postgres;
let onlooker: Client;
beforeAll(async () => {
  server = await Postgres.start({ tls: true });
  onlooker = new Client(server.config());
  await onlooker.connect();
  await onlooker.query('create table counters (id int primary key, n int not null)');
}, SLOW);
afterAll(async () => {
  await onlooker.end();
  await server.stop();
});

const pools: Pool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.end())));

function connect(config: PoolConfig = {}, options: PostgresOptions<never> = {}) {
  const pool = new Pool(
    server.config({ connectionTimeoutMillis: 20_000, max: 8, application_name: 'ours', ...config }),
  );
  pools.push(pool);
  return { pool, db: resilientPool(pool, options) };
}

/** What the server is doing for us. */
async function active(): Promise<string[]> {
  const { rows } = await onlooker.query(
    "select query from pg_stat_activity where application_name = 'ours' and state <> 'idle'",
  );
  return rows.map(({ query }) => query);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await flush();
}

test(
  'transactions that meet all the time are all run, each once (serializable)',
  async () => {
    await onlooker.query('insert into counters values (1, 0)');
    const patient = pipeline(
      'patient',
      retry({ retries: 100, backoff: constant(0), budget: false }),
      bulkhead({ concurrency: 8, queue: 100 }),
    );
    const { db } = connect({}, { pipeline: patient as never });
    let runs = 0;
    const increment = () =>
      db.transaction(
        async (tx) => {
          runs++;
          const { rows } = await tx.query('select n from counters where id = 1');
          await tx.query('update counters set n = $1 where id = 1', [rows[0]?.n + 1]);
        },
        { isolation: 'serializable' },
      );
    await Promise.all(Array.from({ length: 100 }, increment));
    expect((await onlooker.query('select n from counters where id = 1')).rows).toEqual([{ n: 100 }]);
    expect(runs).toBeGreaterThan(100);
  },
  SLOW,
);

describe.each([
  ['over TCP', () => ({})],
  ['under TLS', () => ({ ssl: { ca: authority } })],
  ['under TLS from the first byte', () => ({ ssl: { ca: authority }, sslnegotiation: 'direct' as const })],
  ['on a socket of the system', () => ({ host: server.folder })],
])('%s', (_, config) => {
  test(
    'a statement that is aborted ends in the server, and its client is kept',
    async () => {
      const { pool, db } = connect(config());
      await db.query('select 1');
      const [{ ssl }] = (
        await onlooker.query(
          "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'ours'",
        )
      ).rows as [{ ssl: boolean }];
      expect(ssl).toBe('ssl' in config());
      const caller = new AbortController();
      const slow = db.query('select pg_sleep(600)', [], { signal: caller.signal });
      slow.catch(() => {});
      await until(async () => (await active()).includes('select pg_sleep(600)'));
      caller.abort('enough');
      await expect(slow).rejects.toBe('enough');
      await until(async () => pool.idleCount === 1);
      expect(await active()).toEqual([]);
      expect(pool.totalCount).toBe(1);
      expect((await db.query('select 2 as n')).rows).toEqual([{ n: 2 }]);
    },
    SLOW,
  );
});

test(
  'each function runs in the async context of its own caller',
  async () => {
    const caller = new AsyncLocalStorage<number>();
    const { db } = connect({ max: 2 });
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        caller.run(i, () =>
          db.transaction(async (tx) => {
            const before = caller.getStore();
            await tx.query('select 1');
            return [before, caller.getStore()];
          }),
        ),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => [i, i]));
  },
  SLOW,
);

test(
  'a transaction that is given up keeps no locks, though its function never ends',
  async () => {
    const clock = VirtualClock.install();
    try {
      const { pool, db } = connect();
      await onlooker.query('insert into counters values (2, 0)');
      let locked = false;
      const stuck = db.transaction(
        async (tx) => {
          await tx.query('update counters set n = 1 where id = 2');
          locked = true;
          await new Promise(() => {});
        },
        { timeoutMs: 1_000 },
      );
      stuck.catch(() => {});
      await until(async () => locked);
      await clock.advance(1_000);
      await expect(stuck).rejects.toMatchObject({ code: 'HOLDFAST_TIMEOUT', policy: 'deadline' });
      await onlooker.query('update counters set n = 2 where id = 2');
      await until(async () => pool.idleCount === 1);
      expect(await active()).toEqual([]);
    } finally {
      clock.uninstall();
    }
  },
  SLOW,
);
