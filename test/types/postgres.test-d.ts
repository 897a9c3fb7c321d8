import { type BreakerStateEvent, bulkhead, fallback, pipeline, type RetryEvent, retry } from 'holdfast';
import { type ResilientPool, resilientPool, type StandardPipeline } from 'holdfast/postgres';
import type { Pool, QueryArrayResult, QueryResult, QueryResultRow } from 'pg';
import { describe, expectTypeOf, test } from 'vitest';

declare const pool: Pool;

describe('a pool of Postgres', () => {
  test('can be listened to without a pipeline of its own', () => {
    const db = resilientPool(pool);
    expectTypeOf(db).toEqualTypeOf<ResilientPool<StandardPipeline>>();
    db.pipeline.on('state', (event) => expectTypeOf(event).toEqualTypeOf<BreakerStateEvent>());
    db.pipeline.on('retry', (event) => expectTypeOf(event).toEqualTypeOf<RetryEvent>());
  });

  test('gives what pg gives, and what its function returns', () => {
    const db = resilientPool(pool);
    expectTypeOf(db.query<{ id: number }>('select 1')).toEqualTypeOf<Promise<QueryResult<{ id: number }>>>();
    expectTypeOf(db.transaction(async () => 1)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(db.transaction(() => 'at once')).toEqualTypeOf<Promise<string>>();
  });

  test('gives rows as arrays where they are asked for so', () => {
    const db = resilientPool(pool);
    const config = { text: 'select 1', rowMode: 'array' } as const;
    expectTypeOf(db.query<[number]>(config)).toEqualTypeOf<Promise<QueryArrayResult<[number]>>>();
    expectTypeOf(db.query({ text: 'select 1', rowMode: 'array' })).toEqualTypeOf<
      Promise<QueryArrayResult<unknown[]>>
    >();
    expectTypeOf(db.transaction((tx) => tx.query<[number]>(config))).toEqualTypeOf<
      Promise<QueryArrayResult<[number]>>
    >();
  });

  test('may give the value of a fallback in its place', () => {
    const db = resilientPool(pool, { pipeline: pipeline('db', fallback(7), retry(), bulkhead()) });
    expectTypeOf(db.query('select 1')).toEqualTypeOf<Promise<QueryResult<QueryResultRow> | number>>();
    expectTypeOf(db.transaction(async () => 'text')).toEqualTypeOf<Promise<string | number>>();
  });
});
