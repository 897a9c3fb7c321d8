/** `resilientPool` before a pool that answers as it is told. Against the real server: `failures.test.ts`. */
import { Client, Pool } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { resilientPool, standardPipeline } from '../../../src/adapters/postgres/index.ts';
import { bulkhead, constant, fallback, isRejection, pipeline, retry } from '../../../src/index.ts';
import { FakePool, said } from './fakes/pool.ts';

const quick = (...more: readonly [] | readonly [ReturnType<typeof fallback>]) =>
  pipeline('db', ...more, retry({ backoff: constant(0), budget: false }), bulkhead());

function setUp(options: Parameters<typeof resilientPool>[1] = {}) {
  const pool = new FakePool();
  return { pool, db: resilientPool(pool.asPool, { pipeline: quick(), ...options }) };
}

/** An answer for each time that it is asked. */
const inTurn = <T>(...answers: readonly T[]) => {
  let asked = 0;
  return () => answers[Math.min(asked++, answers.length - 1)] as T;
};

const OK = { command: 'SELECT' };

describe('a statement', () => {
  test('is sent as it was when it was asked for, each time', async () => {
    const { pool, db } = setUp();
    pool.answer = inTurn<Error | typeof OK>(said('40001'), OK);
    const values = [1];
    const config = { text: 'select $1', name: 'one' };
    const asked = db.query(config, values);
    config.text = 'drop';
    values.push(2);
    expect(await asked).toEqual(OK);
    expect(pool.sent).toEqual([1, 2].map(() => [{ text: 'select $1', name: 'one' }, [1]]));
    expect(pool.returned).toEqual(['kept', 'kept']);
  });

  test.each([
    ['select 1', 3],
    [' \n WITH x AS (select 1) insert into t select 1 ;\n', 3],
    ['call p()', 1],
    ['do $$ begin end $$', 1],
    ['select 1; select 2', 1],
    ['-- a comment\nselect 1', 1],
    ['vacuum', 1],
  ])('%j that was rolled back is sent %i times', async (text, times) => {
    const { pool, db } = setUp();
    pool.answer = () => said('40001');
    await expect(db.query(text)).rejects.toThrow('said 40001');
    expect(pool.sent).toHaveLength(times);
  });

  test('is sent again although it broke, if the function of the pool says so of its text', async () => {
    const asked: string[] = [];
    const idempotent = (text: string) => asked.push(text) > 0 && text.startsWith('select');
    const { pool, db } = setUp({ idempotent });
    pool.answer = () => new Error('Connection terminated unexpectedly');
    await expect(db.query('select 1')).rejects.toThrow('Connection terminated');
    expect(pool.sent).toHaveLength(3);
    await expect(db.query({ text: 'insert 1' })).rejects.toThrow('Connection terminated');
    await expect(db.query('select 2', [], { idempotent: false })).rejects.toThrow('Connection terminated');
    expect(pool.sent).toHaveLength(5);
    expect(asked).toEqual(['select 1', 'insert 1']);
  });

  test('cannot be made to be sent again by a judge', async () => {
    const eager = () => ({ verdict: 'failure', retry: true }) as const;
    const { pool, db } = setUp({
      judge: eager,
      pipeline: pipeline('eager', retry({ judge: eager, budget: false }), bulkhead()),
    });
    pool.answer = () => new Error('Connection terminated unexpectedly');
    await expect(db.query('insert')).rejects.toThrow('Connection terminated');
    expect(pool.sent).toHaveLength(1);
  });

  test('is judged by the judge that was given, with its text at hand, and else by postgresJudge', async () => {
    const seen: unknown[] = [];
    const { pool, db } = setUp({
      judge: ({ error }, { context }) => {
        seen.push(context);
        return (error as { code?: string })?.code === '23505'
          ? { verdict: 'ignore', retry: true }
          : undefined;
      },
    });
    pool.answer = inTurn<Error | typeof OK>(said('23505'), said('23502'));
    await expect(db.query('insert into t values (1)')).rejects.toThrow('said 23502');
    expect(pool.sent).toHaveLength(2);
    expect(seen).toContainEqual({ text: 'insert into t values (1)' });
  });

  test('closes its client where nobody can say in which state it is', async () => {
    for (const status of [undefined, 'E']) {
      const { pool, db } = setUp();
      pool.status = status;
      await db.query('select 1');
      expect(pool.returned).toEqual(['closed']);
      expect(pool.sent).toEqual(['select 1', 'ROLLBACK']);
    }
  });

  test('closes its client after an error that is none of the server', async () => {
    const { pool, db } = setUp();
    pool.answer = () => new Error('Query read timeout');
    await expect(db.query('select 1')).rejects.toThrow('Query read timeout');
    expect(pool.returned).toEqual(['closed']);
  });

  test('fails with what sending it throws', async () => {
    const { pool, db } = setUp();
    pool.answer = () => {
      throw new TypeError('no such value');
    };
    await expect(db.query('select $1', [1])).rejects.toThrow('no such value');
    expect(pool.returned).toHaveLength(1);
  });
});

describe('a transaction', () => {
  const inTransaction = (
    pool: FakePool,
    answer: (text: string) => Error | { command: string } | undefined,
  ) => {
    pool.answer = (text) => {
      pool.status = /^BEGIN/.test(text) ? 'T' : /^(COMMIT|ROLLBACK)/.test(text) ? 'I' : pool.status;
      return answer(text);
    };
  };
  const echo = (text: string) => ({ command: text.split(' ')[0]! });

  test.each([
    [{}, 'BEGIN'],
    [{ isolation: 'serializable' }, 'BEGIN ISOLATION LEVEL SERIALIZABLE'],
    [{ isolation: 'repeatable read', readOnly: true }, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'],
  ] as const)('with %o begins with %s', async (options, begin) => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    expect(await db.transaction((tx) => tx.query('select 1').then(() => 'done'), options)).toBe('done');
    expect(pool.sent).toEqual([begin, 'select 1', 'COMMIT']);
    expect(pool.returned).toEqual(['kept']);
  });

  test('sends its statements one after the other, also those that are not awaited', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    await db.transaction(async (tx) => {
      void tx.query('select 1');
      void tx.query('select 2', [3]);
    });
    expect(pool.sent).toEqual(['BEGIN', 'select 1', ['select 2', [3]], 'COMMIT']);
  });

  test('takes no statement any more once it is over', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    const late = await db.transaction(async (tx) => () => tx.query('select 1'));
    await expect(late()).rejects.toThrow('The transaction is over');
    expect(pool.sent).toEqual(['BEGIN', 'COMMIT']);
  });

  test('is run again for an error that the function has wrapped', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) => (text === 'select 1' && pool.sent.length < 4 ? said('40001') : echo(text)));
    const wrapped = (cause: unknown) => {
      throw new Error('Failed query', { cause });
    };
    expect(await db.transaction((tx) => tx.query('select 1').catch(wrapped))).toEqual({ command: 'select' });
    expect(pool.sent).toEqual(['BEGIN', 'select 1', 'ROLLBACK', 'BEGIN', 'select 1', 'COMMIT']);
  });

  test('whose function throws is neither run again nor counted, unless a judge says so', async () => {
    const mine = new Error('no credit');
    const own = vi.fn(async () => {
      throw mine;
    });
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    await expect(db.transaction(own)).rejects.toBe(mine);
    expect(own).toHaveBeenCalledTimes(1);
    const eager = setUp({ judge: () => ({ verdict: 'failure', retry: true }) });
    inTransaction(eager.pool, echo);
    await expect(eager.db.transaction(own)).rejects.toBe(mine);
    expect(own).toHaveBeenCalledTimes(4);
  });

  test('fails if COMMIT is answered with anything else', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) => (text === 'COMMIT' ? { command: 'ROLLBACK' } : echo(text)));
    await expect(db.transaction(async () => 1)).rejects.toThrow('COMMIT was answered with ROLLBACK');
  });

  test.each([
    'begin',
    ' START transaction',
    'commit',
    'END',
    'abort;',
    'rollback',
    'rollback work',
    '-- x\n/* y */ commit',
    'select 1; commit',
    'select $$x$$, \';\', ";" -- ;\n; /* ; */ commit',
    'prepare transaction $$x$$',
  ])('refuses %j', async (text) => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    await expect(db.transaction((tx) => tx.query(text))).rejects.toThrow(TypeError);
    expect(pool.sent).toEqual(['BEGIN', 'ROLLBACK']);
  });

  test.each([
    'rollback to savepoint a',
    'rollback transaction to a',
    'savepoint a',
    'select \'; commit\', "; commit" -- ; commit\n /* ; commit */',
    'create function f() returns int begin atomic select 1; end',
    "select 'commit'",
    'create function f() returns int language plpgsql as $$ begin; return 1; end; $$',
  ])('lets %j through', async (text) => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    await db.transaction((tx) => tx.query(text));
    expect(pool.sent).toEqual(['BEGIN', text, 'COMMIT']);
  });

  test('refuses what is no statement', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, echo);
    for (const bad of [undefined, null, 7, {}])
      await expect(db.transaction((tx) => tx.query(bad as never))).rejects.toThrow(TypeError);
  });
});

describe('the pool', () => {
  afterEach(() => vi.restoreAllMocks());

  test('gets one listener for the errors of idle connections', () => {
    const pool = new FakePool();
    for (let i = 0; i < 3; i++) resilientPool(pool.asPool, { pipeline: quick() });
    expect(pool.listenerCount('error')).toBe(1);
    pool.emit('error', new Error('an idle connection broke'));
  });

  test('is wrapped by a standard pipeline that fits it', () => {
    const pool = new Pool({ max: 7, connectionTimeoutMillis: 1 });
    const db = resilientPool(pool);
    expect(db.warnings).toEqual([]);
    expect(db.pool).toBe(pool);
    expect(db.pipeline.name).toBe('postgres');
    expect(standardPipeline(pool, 'ledger').name).toBe('ledger');
    const places = db.pipeline.policies.find((policy) => policy.name === 'bulkhead');
    expect(places).toMatchObject({ limits: { concurrency: 7, queue: 140 } });
  });

  test('that does not fit is warned of, once', () => {
    const printed = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const pool = new Pool({ max: 7 });
    const small = pipeline('small', bulkhead({ name: 'places', concurrency: 5 }));
    for (let i = 0; i < 2; i++)
      expect(resilientPool(pool, { pipeline: pipeline('around', small) }).warnings).toEqual([
        'places admits 5 at a time, and the pool has 7 clients; make its concurrency 7',
        expect.stringContaining('the pool has no connectionTimeoutMillis'),
      ]);
    expect(printed).toHaveBeenCalledTimes(2);
    expect(resilientPool(pool, { pipeline: pipeline('none', retry()) }).warnings[0]).toContain(
      'there is no bulkhead before the pool of 7 clients',
    );
    expect(resilientPool(pool, { pipeline: bulkhead({ concurrency: 7 }) }).warnings).toHaveLength(1);
  });

  test('may have a fallback before it', async () => {
    const pool = new FakePool();
    pool.answer = () => said('XX000');
    const db = resilientPool(pool.asPool, { pipeline: quick(fallback('kept')) });
    expect(await db.query('select 1')).toBe('kept');
  });

  test.each([
    [() => resilientPool(undefined as never), 'resilientPool: pool must be a Pool of pg'],
    [() => resilientPool(new Client() as never), 'must be a Pool of pg, got an instance of Client'],
    [
      () => resilientPool(new FakePool().asPool, { cancelMs: 0 }),
      'cancelMs must be a finite number > 0, got 0',
    ],
    [
      () => resilientPool(new FakePool().asPool, { idempotent: 'yes' as never }),
      'idempotent must be true or false',
    ],
    [() => resilientPool(new FakePool().asPool, { retries: 1 } as never), 'unknown option "retries"'],
    [() => resilientPool(new FakePool().asPool, { pipeline: {} as never }), 'pipeline must be a pipeline'],
  ])('refuses bad options: %s', (make, message) => {
    expect(make).toThrow(message);
  });

  test('says what is wrong with a call as a rejection', async () => {
    const { pool, db } = setUp();
    await expect(db.query('')).rejects.toThrow('query: text must be a string that is not empty');
    await expect(db.query(undefined as never)).rejects.toThrow('query: text must be');
    await expect(db.query('select 1', 'x' as never)).rejects.toThrow('query: values must be an array');
    await expect(db.query('select 1', [], { retry: 1 } as never)).rejects.toThrow('unknown option "retry"');
    await expect(db.transaction('x' as never)).rejects.toThrow('transaction: fn must be a function');
    await expect(db.transaction(async () => 1, { isolation: 'none' as never })).rejects.toThrow(
      'isolation must be',
    );
    expect(pool.sent).toEqual([]);
    expect(isRejection(await db.query('').catch((error) => error))).toBe(false);
  });
});
