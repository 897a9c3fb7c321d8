/**
 * idempotency key: a payment that takes place once, however often it is asked for. Run it with
 *
 *   npm run build && npx node examples/idempotency-key.ts
 *
 * The caller makes up a key for each payment and sends it with every try. The server writes the key and the payment in
 * one transaction; who comes second with the same key is told what the first was told.
 */
import { randomUUID } from 'node:crypto';
import { resilientPool } from 'holdfast/postgres';
import { Client, Pool } from 'pg';
import { startDatabase } from './database/start.ts';

const database = await startDatabase();
const { connectionString } = database;
const pool = new Pool({ connectionString, max: 5, connectionTimeoutMillis: 5_000 });
const db = resilientPool(pool);
await db.query(`
  create table accounts (id text primary key, cents int not null check (cents >= 0));
  insert into accounts values ('ann', 1000), ('bob', 0);
  create table payments (key uuid primary key, payer text, payee text, cents int, left_cents int);
`);

/** Answers with what the payer has left, at the first try and at each one after it. */
async function pay(key: string, payer: string, payee: string, cents: number): Promise<number> {
  return db.transaction(
    async (tx) => {
      // Two tries at the same time: the second waits here until the first has committed, and then finds its row.
      const claimed = await tx.query(
        'insert into payments (key, payer, payee, cents) values ($1, $2, $3, $4) on conflict (key) do nothing',
        [key, payer, payee, cents],
      );
      if (claimed.rowCount === 0) {
        const { rows } = await tx.query('select * from payments where key = $1', [key]);
        const [first] = rows;
        if (first?.payer !== payer || first.payee !== payee || first.cents !== cents)
          throw new Error('the key belongs to another payment');
        return first.left_cents;
      }
      const taken = 'update accounts set cents = cents - $1 where id = $2 returning cents';
      const { rows } = await tx.query(taken, [cents, payer]);
      await tx.query('update accounts set cents = cents + $1 where id = $2', [cents, payee]);
      await tx.query('update payments set left_cents = $1 where key = $2', [rows[0]?.cents, key]);
      return rows[0]?.cents;
    },
    // With the key in it, the transaction may be run again also where the answer to COMMIT was lost.
    { idempotent: true },
  );
}

const onlooker = new Client({ connectionString });
await onlooker.connect();
const balances = async (): Promise<string> => {
  const { rows } = await onlooker.query('select id, cents from accounts order by id');
  return rows.map(({ id, cents }) => `${id} ${cents}`).join(', ');
};

const key = randomUUID();
console.log(`first try: ann has ${await pay(key, 'ann', 'bob', 300)} left; ${await balances()}`);
console.log(`the same again: ann has ${await pay(key, 'ann', 'bob', 300)} left; ${await balances()}`);

const other = randomUUID();
const three = await Promise.all([1, 2, 3].map(() => pay(other, 'ann', 'bob', 200)));
console.log(`three at the same time: ann has ${three.join(' and ')} left; ${await balances()}`);

const reused = await pay(key, 'ann', 'bob', 999).catch((error: Error) => error.message);
console.log(`another payment with the same key: ${reused}; ${await balances()}`);

const refused = await pay(randomUUID(), 'ann', 'bob', 5_000).catch((error: { code: string }) => error.code);
console.log(`more than there is: ${refused}; ${await balances()}`);

await onlooker.end();
await pool.end();
await database.stop();

// prints:
//   first try: ann has 700 left; ann 700, bob 300
//   the same again: ann has 700 left; ann 700, bob 300
//   three at the same time: ann has 500 and 500 and 500 left; ann 500, bob 500
//   another payment with the same key: the key belongs to another payment; ann 500, bob 500
//   more than there is: 23514; ann 500, bob 500
