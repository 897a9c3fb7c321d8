/** What times out, is aborted, or is cancelled by somebody: whether it ends in the server too. */
import { gets, type Row } from '../row.ts';

const SLOW = 'insert into effects select $1 from pg_sleep(600)';
const TIMED_OUT = 'HOLDFAST_TIMEOUT of attempt, cause Connection terminated unexpectedly';

export const stopping: readonly Row[] = [
  {
    name: 'a statement that takes too long: it is cancelled, and tried again',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      for (const nth of [1, 2, 3]) {
        await stage.sees(SLOW, nth);
        await stage.clock.advance(10_000);
      }
    },
    expected: gets('HOLDFAST_TIMEOUT of total', { attempts: 3, seen: 3, seconds: 30 }),
  },
  {
    name: 'a transaction with a statement that takes too long, once',
    call: 'transaction',
    within: async (stage, tx, attempt) => {
      if (attempt > 1) return;
      const slow = tx.query('select pg_sleep(600)');
      slow.catch(() => {});
      await stage.sees('pg_sleep');
      await Promise.all([slow, stage.clock.advance(10_000)]);
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1, seconds: 10 }),
  },
  {
    name: 'a transaction whose function takes too long, once',
    call: 'transaction',
    within: async (stage, _, attempt) => {
      if (attempt > 1) return;
      void stage.clock.advance(10_000);
      await new Promise(() => {});
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1, seconds: 10 }),
  },
  {
    name: 'the caller leaves while a statement runs',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.caller.abort(stage.reason);
    },
    expected: gets("the caller's reason"),
  },
  {
    name: 'the caller leaves while a statement of a transaction runs',
    call: 'transaction',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.caller.abort(stage.reason);
    },
    expected: gets("the caller's reason"),
  },
  {
    name: 'the caller leaves between two statements of a transaction',
    call: 'transaction',
    within: async (stage) => {
      stage.caller.abort(stage.reason);
      await new Promise(() => {});
    },
    expected: gets("the caller's reason"),
  },
  {
    name: 'the deadline of the call passes while a statement runs',
    call: 'statement',
    text: SLOW,
    options: { timeoutMs: 2_000 },
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.clock.advance(2_000);
    },
    expected: gets('HOLDFAST_TIMEOUT of deadline', { seconds: 2 }),
  },
  {
    name: 'the request to cancel is refused: the connection is closed, and the server does not know',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.proxy.refuse();
      await stage.late();
      await stage.proxy.listen();
    },
    after: (stage) => stage.unnoticed(),
    expected: gets(TIMED_OUT, { kept: 0, unnoticed: 1, seconds: 11 }),
  },
  {
    name: 'the request to cancel is reset',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.proxy.plan = () => [{ kind: 'reset' }];
      await stage.late();
      stage.proxy.plan = () => [];
    },
    after: (stage) => stage.unnoticed(),
    expected: gets(TIMED_OUT, { kept: 0, unnoticed: 1, seconds: 11 }),
  },
  {
    name: 'the request to cancel stalls',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.proxy.plan = () => [{ kind: 'stall' }];
      await stage.late();
      stage.proxy.plan = () => [];
    },
    after: (stage) => stage.unnoticed(),
    expected: gets(TIMED_OUT, { kept: 0, unnoticed: 1, seconds: 11 }),
  },
  {
    name: 'the request to cancel comes late, when the statement is over',
    call: 'statement',
    text: 'insert into effects select $1 where pg_advisory_xact_lock(1) is not null',
    before: async (stage) => {
      stage.rival = await stage.other();
      await stage.rival.query('select pg_advisory_lock(1)');
    },
    meanwhile: async (stage) => {
      await stage.sees('pg_advisory_xact_lock');
      stage.proxy.plan = () => [{ kind: 'stall' }];
      await stage.clock.advance(10_000);
      await stage.until(() => stage.proxy.held > 0);
      await stage.rival!.query('select pg_advisory_unlock(1)');
      await stage.written();
      // Until then the client is nobody's: the request might hit what it does next.
      await stage.keepsClient();
      stage.proxy.use();
    },
    expected: gets('done', { tookPlace: 1, seconds: 10 }),
  },
  {
    name: 'statement_timeout of the server',
    call: 'statement',
    text: SLOW,
    pool: { statement_timeout: 20 },
    expected: gets('57014'),
  },
  {
    name: 'transaction_timeout of the server',
    call: 'transaction',
    pool: { options: '-c transaction_timeout=20ms' },
    within: (_, tx) => tx.query('select pg_sleep(600)'),
    expected: gets('25P04', { kept: 0 }),
  },
  {
    name: 'lock_timeout of the server',
    call: 'transaction',
    pool: { lock_timeout: 20 },
    before: async (stage) => {
      const other = await stage.other();
      await other.query('begin; lock table parents');
    },
    within: (_, tx) => tx.query('select * from parents'),
    expected: gets('55P03'),
  },
  {
    name: 'an operator cancels it (pg_cancel_backend)',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.cancelBackends();
    },
    expected: gets('57014'),
  },
  {
    name: 'query_timeout of pg, which leaves the statement running',
    call: 'statement',
    text: SLOW,
    pool: { query_timeout: 50 },
    after: (stage) => stage.unnoticed(),
    expected: gets('Query read timeout', { kept: 0, unnoticed: 1 }),
  },
];
