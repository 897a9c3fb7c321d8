/** The books: accounts, and payments between them. Nothing in them would keep a payment from being there twice. */
import type { Client } from 'pg';
import type { ResilientPool } from '../../src/adapters/postgres/index.ts';

export const ACCOUNTS = 20;

const SCHEMA = `
  create table accounts (id int primary key, cents bigint not null);
  create table payments (id int not null, payer int not null, payee int not null, cents int not null);
  insert into accounts select i, 0 from generate_series(1, ${ACCOUNTS}) i;
`;

export interface Payment {
  readonly id: number;
  readonly payer: number;
  readonly payee: number;
  readonly cents: number;
}

export const open = (client: Client): Promise<unknown> => client.query(SCHEMA);

/** One transaction. Both accounts are locked in the order of the payment, so that payments meet in deadlocks. */
export const pay = (
  db: Pick<ResilientPool, 'transaction'>,
  { id, payer, payee, cents }: Payment,
  signal: AbortSignal | undefined,
  began: () => void,
): Promise<void> =>
  db.transaction(
    async (tx) => {
      began();
      await tx.query('insert into payments values ($1, $2, $3, $4)', [id, payer, payee, cents]);
      await tx.query('update accounts set cents = cents - $2 where id = $1', [payer, cents]);
      await tx.query('update accounts set cents = cents + $2 where id = $1', [payee, cents]);
    },
    { signal },
  );

/** What the books say in the end. */
export interface Books {
  /** How often each payment is there. */
  readonly times: ReadonlyMap<number, number>;
  /** Payments that are not there as they were made. */
  readonly altered: number;
  /** Accounts that hold something else than what was paid to and from them. */
  readonly wrongAccounts: number;
  /** What all accounts hold together: nothing, since nothing came in. */
  readonly sum: number;
}

export async function audit(client: Client, made: readonly Payment[]): Promise<Books> {
  const { rows: payments } = await client.query('select id, payer, payee, cents from payments');
  const { rows: accounts } = await client.query('select id, cents::int from accounts order by id');
  const times = new Map<number, number>();
  const balances = new Map<number, number>();
  let altered = 0;
  for (const { id, payer, payee, cents } of payments as Payment[]) {
    times.set(id, (times.get(id) ?? 0) + 1);
    balances.set(payer, (balances.get(payer) ?? 0) - cents);
    balances.set(payee, (balances.get(payee) ?? 0) + cents);
    const said = made[id];
    if (said?.payer !== payer || said.payee !== payee || said.cents !== cents) altered++;
  }
  const wrongAccounts = accounts.filter(({ id, cents }) => cents !== (balances.get(id) ?? 0)).length;
  return { times, altered, wrongAccounts, sum: accounts.reduce((sum, { cents }) => sum + cents, 0) };
}
