/** One statement outside a transaction: connections and servers that break before, during and after it. */
import { gets, type Row } from '../row.ts';

/** Takes so long that something can happen meanwhile. */
const SLOW = 'insert into effects select $1 from pg_sleep(600)';
/** The same, until it is told to hurry. */
const SLOW_ONCE =
  'insert into effects select $1 from pg_sleep(case when exists (select from slowness) then 600 else 0 end)';

export const statements: readonly Row[] = [
  {
    name: 'the server was killed and restarted while the connection was idle',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      await stage.kill();
      await stage.restart();
      await stage.until(() => stage.pool.totalCount === 0);
    },
    expected: gets('done', { tookPlace: 1 }),
  },
  {
    name: 'the connection was reset while it was idle',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.reset();
      await stage.until(() => stage.pool.totalCount === 0);
    },
    expected: gets('done', { tookPlace: 1 }),
  },
  {
    name: 'the connection breaks as the statement is sent',
    call: 'statement',
    before: (stage) => stage.warm(),
    meanwhile: async (stage) => stage.reset(),
    expected: gets('ECONNRESET', { seen: 0, kept: 0 }),
  },
  {
    name: 'the same, idempotent',
    call: 'idempotent',
    before: (stage) => stage.warm(),
    meanwhile: async (stage) => stage.reset(),
    expected: gets('done', { attempts: 2, tookPlace: 1 }),
  },
  {
    name: 'the other end went without a word while the connection was idle (half-open)',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.proxy.strike({ kind: 'half-open', gone: 'target' });
    },
    meanwhile: (stage) => stage.lateAfterSending(),
    expected: gets('HOLDFAST_TIMEOUT of attempt, cause Connection terminated unexpectedly', {
      ...{ seen: 0, kept: 0, seconds: 11 },
    }),
  },
  {
    name: 'the same (half-open), idempotent',
    call: 'idempotent',
    before: async (stage) => {
      await stage.warm();
      stage.proxy.strike({ kind: 'half-open', gone: 'target' });
    },
    meanwhile: (stage) => stage.lateAfterSending(),
    expected: gets('done', { attempts: 2, tookPlace: 1, seconds: 11 }),
  },
  {
    name: 'reset before the server has it',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.muteRequests();
    },
    meanwhile: async (stage) => {
      await stage.until(() => stage.proxy.held > 0);
      stage.reset();
    },
    expected: gets('ECONNRESET', { seen: 0, kept: 0 }),
  },
  {
    name: 'reset while it runs',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.reset();
    },
    after: (stage) => stage.killBackends(),
    expected: gets('ECONNRESET', { kept: 0 }),
  },
  {
    name: 'reset while it runs, idempotent',
    call: 'idempotent',
    text: SLOW_ONCE,
    before: (stage) => stage.slowDown(),
    meanwhile: async (stage) => {
      await stage.sees(SLOW_ONCE);
      stage.reset();
    },
    retrying: async (stage) => {
      await stage.killBackends();
      await stage.hurry();
    },
    expected: gets('done', { attempts: 2, seen: 2, tookPlace: 1 }),
  },
  {
    name: 'reset once it has run',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.muteAnswers();
    },
    meanwhile: async (stage) => {
      await stage.written();
      stage.reset();
    },
    expected: gets('ECONNRESET', { tookPlace: 1, kept: 0 }),
  },
  {
    name: 'reset once it has run, idempotent',
    call: 'idempotent',
    before: async (stage) => {
      await stage.warm();
      stage.muteAnswers();
    },
    meanwhile: async (stage) => {
      await stage.written();
      stage.reset();
    },
    expected: gets('done', { attempts: 2, seen: 2, tookPlace: 2 }),
  },
  {
    name: 'closed in good order while it runs',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      stage.proxy.strike({ kind: 'cut' });
    },
    after: (stage) => stage.killBackends(),
    expected: gets('Connection terminated unexpectedly', { kept: 0 }),
  },
  {
    name: 'stall before the server has it',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.muteRequests();
    },
    meanwhile: async (stage) => {
      await stage.until(() => stage.proxy.held > 0);
      await stage.late();
    },
    expected: gets('HOLDFAST_TIMEOUT of attempt, cause Connection terminated unexpectedly', {
      ...{ seen: 0, kept: 0, seconds: 11 },
    }),
  },
  {
    name: 'stall once it has run',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.muteAnswers();
    },
    meanwhile: async (stage) => {
      await stage.written();
      await stage.late();
    },
    expected: gets('HOLDFAST_TIMEOUT of attempt, cause Connection terminated unexpectedly', {
      ...{ tookPlace: 1, kept: 0, seconds: 11 },
    }),
  },
  {
    name: 'the server is killed while it runs',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.kill();
    },
    expected: gets('Connection terminated unexpectedly', { kept: 0 }),
  },
  {
    name: 'the server is killed while it runs and restarted, idempotent',
    call: 'idempotent',
    text: SLOW_ONCE,
    before: (stage) => stage.slowDown(),
    meanwhile: async (stage) => {
      await stage.sees(SLOW_ONCE);
      await stage.kill();
    },
    retrying: async (stage) => {
      await stage.restart();
      await stage.hurry();
    },
    expected: gets('done', { attempts: 2, seen: 2, tookPlace: 1 }),
  },
  {
    name: 'the server is killed once it has run, its answer on the way',
    call: 'statement',
    before: async (stage) => {
      await stage.warm();
      stage.muteAnswers();
    },
    meanwhile: async (stage) => {
      await stage.written();
      await stage.kill();
    },
    expected: gets('Connection terminated unexpectedly', { tookPlace: 1, kept: 0 }),
  },
  {
    name: 'the server is shut down while it runs',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.shutDown();
    },
    expected: gets('57P01', { kept: 0 }),
  },
  {
    name: 'its session is ended by an operator while it runs (pg_terminate_backend)',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.killBackends();
    },
    expected: gets('57P01', { kept: 0 }),
  },
  {
    name: 'its session is ended by an operator, idempotent',
    call: 'idempotent',
    text: SLOW_ONCE,
    before: (stage) => stage.slowDown(),
    meanwhile: async (stage) => {
      await stage.sees(SLOW_ONCE);
      await stage.killBackends();
    },
    retrying: (stage) => stage.hurry(),
    expected: gets('done', { attempts: 2, seen: 2, tookPlace: 1 }),
  },
  {
    name: 'another process of the server is killed, which ends them all',
    call: 'statement',
    text: SLOW,
    meanwhile: async (stage) => {
      await stage.sees(SLOW);
      await stage.crashOther();
    },
    expected: gets('Connection terminated unexpectedly', { kept: 0 }),
  },
  {
    name: 'it is rolled back by the server, and would run again (40001)',
    call: 'statement',
    text: "insert into effects select $1 where fail('40001') = 1",
    expected: gets('40001', { attempts: 4, seen: 4 }),
  },
  {
    name: 'a procedure is rolled back after it has committed a part',
    call: 'statement',
    text: 'call half_done($1)',
    expected: gets('40001', { tookPlace: 1 }),
  },
  {
    name: 'several statements in one text',
    call: 'statement',
    text: "begin; insert into effects values ('several'); commit; select fail('40001')",
    expected: gets('40001'),
  },
  {
    name: 'a transaction that is left open',
    call: 'statement',
    text: 'begin',
    expected: gets(
      'query: a statement must be one that leaves no transaction open (use transaction), got "begin"',
    ),
  },
];
