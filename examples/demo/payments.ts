/**
 * The other demo: a payments service that writes to Postgres, which is killed in the middle and started again. Every
 * payment is counted afterwards, in the database itself.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRejection } from 'holdfast';
import { OutcomeUnknownError, resilientPool } from 'holdfast/postgres';
import { Client, Pool } from 'pg';
import { startDatabase } from '../database/start.ts';
import { seededRandom } from './random.ts';

const CLIENTS = 40;
const SCHEMA = `
  create table accounts (id int primary key, cents bigint not null);
  create table payments (id int not null, payer int, payee int, cents int not null);
  insert into accounts select i, 0 from generate_series(1, 100) i;
`;

/** What the callers were told, and what the database says of it. */
export interface Books {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** How many of each are there. */
  readonly there: { readonly acknowledged: number; readonly refused: number; readonly unknown: number };
  readonly twice: number;
  /** What all accounts hold together, in cents: nothing came in, and nothing may have been lost. */
  readonly sum: number;
  readonly right: boolean;
}

type Answer = 'acknowledged' | 'refused' | 'unknown';
const STATUS: Readonly<Record<number, Answer>> = { 201: 'acknowledged', 502: 'unknown' };

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

export async function runPayments(seed: number, quick: boolean): Promise<Books> {
  const database = await startDatabase();
  const { connectionString } = database;
  const pool = new Pool({ connectionString, max: 10, connectionTimeoutMillis: 1_000 });
  const db = resilientPool(pool);
  await db.query(SCHEMA);
  const random = seededRandom(seed, 'payments');

  // The service. It says plainly what it knows: booked, not booked, or that nobody knows.
  const service = createServer(async (request, response) => {
    const [id, payer, payee, cents] = request.url!.slice(1).split('/').map(Number);
    try {
      await db.transaction(async (tx) => {
        await tx.query('insert into payments values ($1, $2, $3, $4)', [id, payer, payee, cents]);
        await tx.query('update accounts set cents = cents - $2 where id = $1', [payer, cents]);
        await tx.query('update accounts set cents = cents + $2 where id = $1', [payee, cents]);
      });
      response.writeHead(201).end();
    } catch (error) {
      response.writeHead(error instanceof OutcomeUnknownError ? 502 : isRejection(error) ? 503 : 500).end();
    }
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;

  const told: Record<Answer, number[]> = { acknowledged: [], refused: [], unknown: [] };
  let ids = 0;
  let over = false;
  const account = (): number => 1 + Math.floor(random() * 100);
  const client = async (): Promise<void> => {
    while (!over) {
      const id = ++ids;
      const { status } = await fetch(
        `${url}/${id}/${account()}/${account()}/${1 + Math.floor(random() * 10_000)}`,
      );
      told[STATUS[status] ?? 'refused'].push(id);
      if (status !== 201) await after(50);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const phaseMs = quick ? 500 : 3_000;
  await after(phaseMs);
  database.kill();
  await after(quick ? 200 : 1_000);
  await database.restart();
  await after(phaseMs);
  over = true;
  await Promise.all(clients);
  service.close();
  await pool.end();

  const auditor = new Client({ connectionString });
  await auditor.connect();
  const { rows } = await auditor.query('select id, count(*)::int as times from payments group by id');
  const { rows: sums } = await auditor.query('select sum(cents)::int as sum from accounts');
  await auditor.end();
  await database.stop();
  const there = new Set(rows.map(({ id }) => id));
  const count = (answer: Answer): number => told[answer].filter((id) => there.has(id)).length;
  const books = {
    acknowledged: told.acknowledged.length,
    refused: told.refused.length,
    unknown: told.unknown.length,
    there: { acknowledged: count('acknowledged'), refused: count('refused'), unknown: count('unknown') },
    twice: rows.filter(({ times }) => times > 1).length,
    sum: sums[0].sum,
  };
  const { acknowledged, refused } = books.there;
  const right = acknowledged === books.acknowledged && refused === 0 && books.twice === 0 && books.sum === 0;
  return { ...books, right };
}

export function paymentsTable({ there, twice, sum, right, ...told }: Books): string {
  const row = (name: string, ...cells: readonly (string | number)[]): string =>
    name.padEnd(16) + cells.map((cell) => `${cell}`.padStart(12)).join('');
  return [
    row('payments', 'told', 'there'),
    ...(['acknowledged', 'refused', 'unknown'] as const).map((answer) =>
      row(answer, told[answer], there[answer]),
    ),
    '',
    `there more than once: ${twice}. All accounts together: ${sum} cents, of which none came in.`,
    right ? 'Every acknowledged payment is there once, no refused one is.' : 'THE BOOKS ARE WRONG.',
  ].join('\n');
}
