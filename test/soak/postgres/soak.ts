/** Very many statements and transactions by callers who wait, time out or leave; and what is left of them. */
import {
  bulkhead,
  circuitBreaker,
  exponential,
  isRejection,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { OutcomeUnknownError, type ResilientPool, resilientPool } from 'holdfast/postgres';
import { Client, Pool, type PoolClient } from 'pg';
import { heapInUse, type Sample } from '../heap.ts';
import { Callers, LEFT } from '../outbound/callers.ts';
import { Chance } from '../outbound/chance.ts';
import { LiveSystemClock } from '../outbound/live-system-clock.ts';
import type { Ready } from './network.ts';

const SEED = 20_262;
const SAMPLES = 10;
/** Before the first that count: until then V8 compiles, and remembers what it has seen. */
const WARM_UP = 3_000;
const AT_ONCE = 40;
const CLIENTS = 16;
const PAUSE_MS = 5;
/** Nothing lasts longer. */
const SETTLED_MS = 5_000;

const CALLS = { read: 500, write: 200, transaction: 200, slow: 15, mistake: 50, conflict: 20 };

export type Ending =
  | 'done'
  | 'connection'
  | 'said by the server'
  | 'time-out'
  | 'abort'
  | 'rejected'
  | 'unknown'
  | 'anything else';

export interface Soaked {
  readonly queries: number;
  readonly samples: readonly Sample[];
  readonly endings: Readonly<Partial<Record<Ending, number>>>;
  /** What must be 0. */
  readonly left: Readonly<Record<string, number>>;
}

function endingOf(error: unknown): Ending {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (error === LEFT) return 'abort';
  if (error instanceof OutcomeUnknownError) return 'unknown';
  if (error instanceof TimeoutError) return 'time-out';
  if (isRejection(error)) return 'rejected';
  if (/^(Connection terminated|Client has|timeout exceeded)|ECONN|EPIPE/.test(`${message}`))
    return 'connection';
  return typeof code === 'string' ? 'said by the server' : 'anything else';
}

async function becomes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()) && waited < SETTLED_MS; waited += 20)
    await new Promise((resolve) => void setTimeout(resolve, 20));
}

const alive = (kind: string): number =>
  process.getActiveResourcesInfo().filter((name) => name === kind).length;

/** What is called, each of its kind. */
function send(
  db: ResilientPool<never>,
  kind: keyof typeof CALLS,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  switch (kind) {
    case 'read':
      return db.query('select $1::int as n', [1], { signal, idempotent: true });
    case 'write':
      return db.query('insert into soaked values ($1)', [1], { signal });
    case 'slow':
      return db.query('select pg_sleep(60)', [], { signal, timeoutMs: 40 });
    case 'mistake':
      return db.query('select 1 / $1::int', [0], { signal });
    case 'conflict':
      return db.query("select fail('40001')", [], { signal });
    case 'transaction':
      return db.transaction(
        async (tx) => {
          await tx.query('insert into soaked values ($1)', [2]);
          await tx.query('select count(*) from soaked where n = 0');
        },
        { signal },
      );
  }
}

const SCHEMA = `
  create unlogged table soaked (n int);
  create function fail(state text) returns int language plpgsql as
    $$ begin raise exception 'raised on purpose' using errcode = state; end $$;
`;

const login = { host: '127.0.0.1', user: 'postgres', password: 'not a secret', database: 'postgres' };

export async function soak(
  queries: number,
  { port, direct }: Ready,
  quiet: () => Promise<void>,
  onSample: (sample: Sample) => void,
): Promise<Soaked> {
  const unasked = { 'unhandled rejections': 0, warnings: 0 };
  process.on('unhandledRejection', () => unasked['unhandled rejections']++);
  process.on('warning', () => unasked.warnings++);
  const chance = new Chance(SEED);
  const callers = new Callers(chance);
  const clock = new LiveSystemClock();
  // Fewer places than callers: some are always refused.
  const places = bulkhead({ concurrency: CLIENTS, queue: 22, queueTimeoutMs: 100 });
  const onlooker = new Client({ ...login, port: direct });
  await onlooker.connect();
  await onlooker.query(SCHEMA);
  const pool = new Pool({
    ...login,
    port,
    max: CLIENTS,
    connectionTimeoutMillis: 300,
    application_name: 'soak',
  });
  const clients = new Set<PoolClient>();
  pool.on('connect', (client) => void clients.add(client));
  pool.on('remove', (client) => void clients.delete(client));
  const db = resilientPool(pool, {
    cancelMs: 150,
    pipeline: pipeline(
      { name: 'soak', clock },
      timeout({ ms: 2_000, name: 'total' }),
      retry({ backoff: exponential({ baseMs: 2, maxMs: 20 }) }),
      circuitBreaker({ window: { ms: 500 }, openMs: 20 }),
      timeout({ ms: 300, name: 'attempt', mode: 'cooperate' }),
      places,
    ),
  });
  const poolListeners = pool.listenerCount('error');

  const endings: Partial<Record<Ending, number>> = {};
  let begun = 0;
  let running = 0;
  const call = async (): Promise<void> => {
    begun++;
    running++;
    const { signal, over } = callers.come();
    let ending: Ending = 'done';
    try {
      await send(db as never, chance.of(CALLS), signal);
    } catch (error) {
      ending = endingOf(error);
      if (ending === 'anything else') console.error(error);
      if (ending === 'rejected') await new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
    }
    endings[ending] = (endings[ending] ?? 0) + 1;
    over();
    running--;
  };
  const callUntil = async (total: number): Promise<void> => {
    const one = async (): Promise<void> => {
      while (begun < total) await call();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  const backends = async (): Promise<number> => {
    const { rows } = await onlooker.query(
      "select count(*)::int as n from pg_stat_activity where application_name = 'soak' and state <> 'idle'",
    );
    return rows[0].n;
  };

  const samples: Sample[] = [];
  let left: Record<string, number> = {};
  await callUntil(WARM_UP);
  for (let part = 1; part <= SAMPLES; part++) {
    await callUntil(WARM_UP + Math.round((queries * part) / SAMPLES));
    await quiet();
    await onlooker.query('truncate soaked');
    await becomes(
      async () => pool.idleCount === pool.totalCount && clock.live === 0 && (await backends()) === 0,
    );
    // An idle client has the pool's listener, and nobody else's.
    const listeners = [...clients].reduce((sum, client) => sum + client.listenerCount('error') - 1, 0);
    const drains = [...clients].reduce((sum, client) => sum + client.listenerCount('drain'), 0);
    left = {
      'calls that never settled': running,
      'clients out of the pool': pool.totalCount - pool.idleCount,
      'calls that wait for a client': pool.waitingCount,
      'backends that work for nobody': await backends(),
      'listeners on clients': listeners + drains,
      'listeners on the pool': pool.listenerCount('error') - poolListeners,
      'listeners on signals of callers': callers.listeners,
      'timers on the clock': clock.live,
      'places held or waited for': places.inFlight + places.queued,
    };
    const sample = { calls: begun - WARM_UP, bytes: await heapInUse() };
    samples.push(sample);
    onSample(sample);
  }
  await pool.end();
  await onlooker.end();
  await becomes(() => alive('TCPSocketWrap') === 0);
  return {
    queries: begun,
    samples,
    endings,
    left: { ...left, 'sockets after the pool has ended': alive('TCPSocketWrap'), ...unasked },
  };
}
