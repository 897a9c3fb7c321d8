/** What is asked of `resilientPool` in ways that pg allows, or that go wrong on the caller's side. */
import { Query } from 'pg';
import { describe, expect, test } from 'vitest';
import { resilientPool } from '../../../src/adapters/postgres/index.ts';
import { bulkhead, circuitBreaker, constant, pipeline, retry } from '../../../src/index.ts';
import { FakePool, said } from './fakes/pool.ts';

function setUp(options: Parameters<typeof resilientPool>[1] = {}) {
  const pool = new FakePool();
  const quick = pipeline('db', retry({ backoff: constant(0), budget: false }), circuitBreaker(), bulkhead());
  inTransaction(pool, echo);
  return { pool, db: resilientPool(pool.asPool, { pipeline: quick, ...options }) };
}

function inTransaction(pool: FakePool, answer: FakePool['answer']): void {
  pool.answer = (text) => {
    pool.status = /^BEGIN/.test(text) ? 'T' : /^(COMMIT|ROLLBACK)/.test(text) ? 'I' : pool.status;
    return answer(text);
  };
}
const echo = (text: string) => ({ command: text.split(' ')[0]! });

/** As those who build statements from templates make them: the text is a getter of the class. */
class Built {
  readonly values: unknown[];
  constructor(...values: unknown[]) {
    this.values = values;
  }
  get text(): string {
    return 'select $1';
  }
  get name(): string {
    return 'one';
  }
}

describe('a config', () => {
  const sent = [{ text: 'select $1', name: 'one', values: [7] }];

  test('may have its text in a getter', async () => {
    const { pool, db } = setUp();
    await db.query(new Built(7));
    expect(pool.sent).toEqual(sent);
    await db.transaction((tx) => tx.query(new Built(7)));
    expect(pool.sent).toEqual([...sent, 'BEGIN', ...sent, 'COMMIT']);
  });

  test('is sent as it was, its values too, also the second time', async () => {
    const { pool, db } = setUp();
    const values = [7];
    let asked = 0;
    pool.answer = () => {
      values[0] = 8;
      return asked++ === 0 ? said('40001') : { command: 'SELECT' };
    };
    await db.query({ text: 'select $1', name: 'one', values });
    expect(pool.sent).toEqual([...sent, ...sent]);
  });

  test('that waits in a transaction is sent as it was, and so are its values', async () => {
    const { pool, db } = setUp();
    await db.transaction(async (tx) => {
      const config = { text: 'insert 1', values: [1] };
      const values = ['a'];
      void tx.query(config);
      void tx.query('insert $1', values);
      config.values = [2];
      config.text = 'insert 2';
      values[0] = 'b';
      void tx.query(config);
      await tx.query('insert $1', values);
    });
    expect(pool.sent.slice(1, -1)).toEqual([
      { text: 'insert 1', values: [1] },
      ['insert $1', ['a']],
      { text: 'insert 2', values: [2] },
      ['insert $1', ['b']],
    ]);
  });

  test('with null for its values has none', async () => {
    const { pool, db } = setUp();
    await db.query({ text: 'select 1', values: null as never });
    expect(pool.sent).toEqual([{ text: 'select 1' }]);
  });
});

test.each([
  [new Query('select 1') as never, undefined, 'a cursor or stream needs a client of its own'],
  [{ text: 'select $1', values: 'x' as never }, undefined, 'values must be an array'],
  ['select $1', {}, 'values must be an array'],
  ['', undefined, 'text must be a string that is not empty'],
])('what pg would not take, or never end, is refused: %o, %o', async (config, values, message) => {
  const { pool, db } = setUp();
  await expect(db.query(config, values as never)).rejects.toThrow(message);
  expect(pool.sent).toEqual([]);
  const whole = db.transaction((tx) => tx.query(config, values as never));
  await expect(whole).rejects.toThrow(message);
  await expect(whole).rejects.toThrow(TypeError);
  expect(pool.sent).toEqual(['BEGIN', 'ROLLBACK']);
});

test.each([
  'Query values must be an array',
  'A query must have either text or a name. Supplying neither is unsupported.',
  "Prepared statements must be unique - 'a' was used for a different statement",
])('what pg says against a statement is not counted: %s', async (words) => {
  const { pool, db } = setUp();
  pool.answer = () => new Error(words);
  for (let i = 0; i < 30; i++)
    await expect(db.query('select 1', [], { idempotent: true })).rejects.toThrow(words);
  expect(pool.sent).toHaveLength(30);
});

describe('a server that only reads', () => {
  const write = (db: ReturnType<typeof setUp>['db'], readOnly: boolean) =>
    db.transaction((tx) => tx.query('insert'), { readOnly });

  test('loses its connection: the next may lead to the one that writes', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) => (text === 'insert' ? said('25006') : echo(text)));
    await expect(db.query('insert')).rejects.toThrow('said 25006');
    await expect(write(db, false)).rejects.toThrow('said 25006');
    expect(pool.returned).toEqual(['closed', 'closed']);
  });

  test('keeps it where that was asked for', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) => (text === 'insert' ? said('25006') : echo(text)));
    await expect(write(db, true)).rejects.toThrow('said 25006');
    expect(pool.returned).toEqual(['kept']);
  });
});

describe('a transaction', () => {
  test('that was committed is not run again, whatever a judge says of its value', async () => {
    const { pool, db } = setUp({ judge: ({ ok }) => (ok ? { verdict: 'failure', retry: true } : undefined) });
    expect(await db.transaction(async () => 'paid')).toBe('paid');
    expect(pool.sent).toEqual(['BEGIN', 'COMMIT']);
  });

  test('that was rolled back at COMMIT is run again, if the statement that failed says so', async () => {
    const { pool, db } = setUp();
    let commits = 0;
    inTransaction(pool, (text) => {
      if (text === 'bad') return commits === 0 ? said('40P01') : echo(text);
      return text === 'COMMIT' && commits++ === 0 ? { command: 'ROLLBACK' } : echo(text);
    });
    const paid = db.transaction((tx) => tx.query('bad').then(undefined, () => 'went on'));
    expect(await paid).toEqual({ command: 'bad' });
    expect(commits).toBe(2);
  });

  test('fails with the error that it went on after, not with one that it came back from', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) => {
      if (text === 'one') return said('23505');
      if (text === 'two') return said('23514');
      return text === 'COMMIT' ? { command: 'ROLLBACK' } : echo(text);
    });
    const whole = db.transaction(async (tx) => {
      await tx.query('savepoint a');
      await tx.query('one').catch(() => {});
      await tx.query('rollback to a');
      await tx.query('two').catch(() => {});
    });
    await expect(whole).rejects.toMatchObject({ code: '23514' });
  });

  test.each([
    Object.assign(new Error('the cache is down'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('the cache broke'), { code: 'ECONNRESET' }),
  ])('whose function cannot reach something else says nothing of the server: %o', async (error) => {
    const { pool, db } = setUp();
    const run = () =>
      db.transaction(() => {
        throw error;
      });
    for (let i = 0; i < 30; i++) await expect(run()).rejects.toBe(error);
    expect(pool.sent).toHaveLength(60);
  });

  test('whose own connection breaks is run again, though its function throws that on', async () => {
    const { pool, db } = setUp();
    inTransaction(pool, (text) =>
      text === 'select 1' && pool.sent.length < 4
        ? new Error('Connection terminated unexpectedly')
        : echo(text),
    );
    await db.transaction((tx) => tx.query('select 1'));
    expect(pool.sent).toEqual(['BEGIN', 'select 1', 'BEGIN', 'select 1', 'COMMIT']);
  });

  test.each([
    '/* a /* b */ c */ commit',
    '/* /* */ */ /* */ end',
    "select E'it\\'s'; commit; select 'x'",
    "select e'\\\\'; commit",
    "select 'a\\'; commit",
    '/*/ */ commit',
  ])('refuses %j', async (text) => {
    const { pool, db } = setUp();
    await expect(db.transaction((tx) => tx.query(text))).rejects.toThrow('neither begins nor ends');
    expect(pool.sent).toEqual(['BEGIN', 'ROLLBACK']);
  });

  test.each([
    '/* /* */ ; commit */ select 1',
    "select E'\\'; commit'",
    'select 1 /* ; commit',
    "select 'a'';commit'",
    'select $a$ $A$ ; commit $a$',
  ])('lets %j through', async (text) => {
    const { pool, db } = setUp();
    await db.transaction((tx) => tx.query(text));
    expect(pool.sent).toEqual(['BEGIN', text, 'COMMIT']);
  });
});

describe('a statement outside a transaction', () => {
  test.each(['BEGIN', 'BEGIN; insert into payments values (1)'])(
    'that leaves one open, as %j, is an error that does not count, and is rolled back',
    async (text) => {
      const { pool, db } = setUp({ idempotent: true });
      for (let i = 0; i < 30; i++)
        await expect(db.query(text)).rejects.toThrow(/leaves no transaction open.*use transaction\), got/);
      expect(pool.sent).toEqual(Array.from({ length: 30 }, () => [text, 'ROLLBACK']).flat());
      expect(pool.returned).toEqual(Array.from({ length: 30 }, () => 'kept'));
    },
  );

  test('may be a whole one', async () => {
    const { db } = setUp();
    expect(await db.query('with one as (select 1) select')).toEqual({ command: 'with' });
  });
});
