/** The types of the wrapped pool, beside those of pg. */
import { bulkhead, fallback, pipeline, retry } from 'holdfast';
import { type ResilientPool, resilientPool, type TransactionClient } from 'holdfast/postgres';
import { Pool, type QueryResult } from 'pg';

const pool = new Pool();

export const standard: ResilientPool = resilientPool(pool);
export const rows: Promise<QueryResult<{ id: number }>> = standard.query<{ id: number }>(
  'select 1 as id',
  [],
  {
    idempotent: true,
  },
);
const insert = async (tx: TransactionClient): Promise<number | null> => (await tx.query('insert')).rowCount;
export const inserted: Promise<number | null> = standard.transaction(insert, { isolation: 'serializable' });

const covered = resilientPool(pool, {
  pipeline: pipeline('db', fallback('none' as const), retry(), bulkhead()),
});
export const perhaps: Promise<number | null | 'none'> = covered.transaction(insert);

// @ts-expect-error the value of a fallback is an answer too
export const never: Promise<number | null> = covered.transaction(insert);
