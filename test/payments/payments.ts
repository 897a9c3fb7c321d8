/**
 * Very many payments by many workers, while connections break by chance and the server is killed: each that was
 * acknowledged is there exactly once, none that was refused is there, and of the others it is said that nobody knows.
 */
import { Client, Pool } from 'pg';
import { OutcomeUnknownError, resilientPool } from '../../src/adapters/postgres/index.ts';
import {
  bulkhead,
  circuitBreaker,
  exponential,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from '../../src/index.ts';
import { Postgres } from '../database/postgres.ts';
import { Storm } from '../database/storm.ts';
import { FaultProxy } from '../network/proxy.ts';
import { Chance } from '../soak/outbound/chance.ts';
import { ACCOUNTS, audit, open, type Payment, pay } from './ledger.ts';

const generous = () => retryBudget({ ratio: 1, minPerSecond: 200, burst: 200 });

/** The standard pipeline, in a hurry. */
const hurried = (max: number) =>
  pipeline(
    'ledger',
    timeout({ ms: 3_000, name: 'total' }),
    // With more than the standard budget: what is tried again is what might go wrong here.
    retry({ retries: 3, backoff: exponential({ baseMs: 5, maxMs: 100 }), budget: generous() }),
    circuitBreaker({ window: { ms: 1_000 }, failureRate: 0.8, lowTrafficFailures: 20, openMs: 20 }),
    timeout({ ms: 300, name: 'attempt', mode: 'cooperate' }),
    bulkhead({ concurrency: max, queue: 100 }),
  );

const CLIENTS = 20;
/** Who was refused lets the server recover. */
const PAUSE_MS = 20;
/** Callers who leave, in a thousand, and after how many milliseconds at most. */
const LEAVING = 10;
const LEAVING_MS = 20;
/** Bytes that a connection passes on before it breaks, on the average: those of some twenty payments. */
const BYTES = 4_000;

export interface PaymentsOptions {
  readonly payments: number;
  readonly workers: number;
  readonly kills: number;
  readonly seed: number;
}

export interface Paid {
  readonly seed: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Of unknown fate, by what they were told. */
  readonly unknown: number;
  /** How many of these are there. */
  readonly unknownThere: number;
  /** Attempts at a transaction. */
  readonly attempts: number;
  readonly kills: number;
  readonly breaks: number;
  readonly seconds: number;
  /** What must be 0. */
  readonly wrong: Readonly<Record<string, number>>;
}

export async function makePayments(options: PaymentsOptions): Promise<Paid> {
  const { payments, workers, kills, seed } = options;
  const startMs = performance.now();
  const chance = new Chance(seed);
  const server = await Postgres.start({ flags: { log_statement: 'none', deadlock_timeout: '20ms' } });
  const proxy = await FaultProxy.start({ port: server.port, seed });
  const pool = new Pool(server.config({ port: proxy.port, max: CLIENTS, connectionTimeoutMillis: 400 }));
  const books = new Client(server.config());
  books.on('error', () => {}); // it is killed with the rest
  try {
    await books.connect();
    await open(books);
    await books.end();
    const made = Array.from({ length: payments }, (_, id): Payment => payment(id, chance));
    const storm = new Storm(server, proxy, chance, BYTES);
    const told = await makeAll(made, pool, storm, chance, workers, kills);
    await storm.calm();
    const auditor = new Client(server.config());
    await auditor.connect();
    const { times, altered, wrongAccounts, sum } = await audit(auditor, made);
    await auditor.end();
    const there = (ids: readonly number[]): number => ids.filter((id) => times.has(id)).length;
    return {
      seed,
      acknowledged: told.acknowledged.length,
      refused: told.refused.length,
      unknown: told.unknown.length,
      unknownThere: there(told.unknown),
      attempts: told.attempts,
      kills: storm.kills,
      breaks: storm.breaks,
      seconds: Math.round((performance.now() - startMs) / 1_000),
      wrong: {
        'acknowledged, and not there': told.acknowledged.length - there(told.acknowledged),
        'there more than once': [...times.values()].filter((count) => count > 1).length,
        'refused, and there': there(told.refused),
        'there, and not as they were made': altered,
        'accounts that do not fit their payments': wrongAccounts,
        'cents too many or too few in all': Math.abs(sum),
        'never answered': payments - told.acknowledged.length - told.refused.length - told.unknown.length,
        'clients not back in the pool': pool.totalCount - pool.idleCount + pool.waitingCount,
      },
    };
  } finally {
    await proxy.close();
    await pool.end();
    await server.stop();
  }
}

function payment(id: number, chance: Chance): Payment {
  const payer = 1 + chance.below(ACCOUNTS);
  const payee = 1 + ((payer + chance.below(ACCOUNTS - 1)) % ACCOUNTS);
  return { id, payer, payee, cents: 1 + chance.below(100_000) };
}

interface Told {
  readonly acknowledged: number[];
  readonly refused: number[];
  readonly unknown: number[];
  attempts: number;
}

async function makeAll(
  made: readonly Payment[],
  pool: Pool,
  storm: Storm,
  chance: Chance,
  workers: number,
  kills: number,
): Promise<Told> {
  const told: Told = { acknowledged: [], refused: [], unknown: [], attempts: 0 };
  const db = resilientPool(pool, { pipeline: hurried(CLIENTS), cancelMs: 150 });
  const left = [...made];
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (Math.floor((left.length * (kills + 1)) / made.length) < kills - storm.kills) storm.strike();
      const own = chance.below(1_000) < LEAVING ? new AbortController() : undefined;
      const leave = own && setTimeout(() => own.abort(new Error('left')), chance.below(LEAVING_MS));
      try {
        await pay(db, next, own?.signal, () => told.attempts++);
        told.acknowledged.push(next.id);
      } catch (error) {
        (error instanceof OutcomeUnknownError ? told.unknown : told.refused).push(next.id);
        await new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
      } finally {
        clearTimeout(leave);
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  await settled(pool);
  return told;
}

/** What was given up goes on for a while in the server, and may still commit: nothing may, once its client is back. */
async function settled(pool: Pool): Promise<void> {
  for (let look = 0; look < 500 && pool.idleCount < pool.totalCount; look++)
    await new Promise((resolve) => void setTimeout(resolve, 10));
}
