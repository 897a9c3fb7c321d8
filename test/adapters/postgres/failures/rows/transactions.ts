/** Transactions: what breaks within them, at COMMIT and after it; and what other transactions do to them. */
import { gets, type Row } from '../row.ts';
import type { Stage } from '../stage.ts';

type Within = NonNullable<Row['within']>;

/** Something happens in the first attempt, before one statement more. */
const first =
  (what: (stage: Stage) => Promise<unknown>): Within =>
  async (stage, tx, attempt) => {
    if (attempt > 1) return;
    await what(stage);
    await tx.query('select 1');
  };

const UNKNOWN = 'HOLDFAST_OUTCOME_UNKNOWN';
/** Its answer does not come any more. */
const muted: Within = async (stage, _, attempt) => {
  if (attempt === 1) stage.muteAnswers();
};
/** It does not even get there. */
const held: Within = async (stage, _, attempt) => {
  if (attempt === 1) stage.muteRequests();
};

export const transactions: readonly Row[] = [
  {
    name: 'the server is killed between two statements, and restarted',
    call: 'transaction',
    within: first((stage) => stage.kill()),
    retrying: (stage) => stage.restart(),
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'the server is killed between two statements, for good',
    call: 'transaction',
    within: first((stage) => stage.kill()),
    expected: gets('ECONNRESET', { attempts: 4, kept: 0 }),
  },
  {
    name: 'the server is killed before COMMIT, when nothing is sent',
    call: 'transaction',
    within: async (stage, _, attempt) => {
      if (attempt > 1) return;
      await stage.kill();
      await stage.until(() => stage.proxy.open === 0);
    },
    retrying: (stage) => stage.restart(),
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'the server is shut down between two statements, and restarted',
    call: 'transaction',
    within: first((stage) => stage.shutDown()),
    retrying: (stage) => stage.restart(),
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'reset between two statements',
    call: 'transaction',
    within: first(async (stage) => stage.reset()),
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'reset while the answer to a statement is on its way',
    call: 'transaction',
    within: async (stage, tx, attempt) => {
      if (attempt > 1) return;
      stage.muteAnswers();
      const answer = tx.query('select 2');
      await stage.sees('select 2');
      stage.reset();
      await answer;
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'stall between two statements',
    call: 'transaction',
    within: async (stage, tx, attempt) => {
      if (attempt > 1) return;
      stage.muteRequests();
      const answer = tx.query('select 2');
      answer.catch(() => {});
      await stage.until(() => stage.proxy.held > 0);
      await Promise.all([stage.late(), answer]);
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1, seconds: 11 }),
  },
  {
    name: 'its session is ended while it idles (idle_in_transaction_session_timeout)',
    call: 'transaction',
    pool: { idle_in_transaction_session_timeout: 20 },
    within: async (stage, tx) => {
      await stage.until(() => stage.proxy.open === 0);
      await tx.query('select 1');
    },
    expected: gets('25P03', { kept: 0 }),
  },
  {
    name: 'COMMIT is lost on its way (reset)',
    call: 'transaction',
    within: held,
    meanwhile: async (stage) => {
      await stage.until(() => stage.proxy.held > 0);
      stage.reset();
    },
    expected: gets(`${UNKNOWN}, cause ECONNRESET`, { kept: 0 }),
  },
  {
    name: 'the answer to COMMIT is lost (reset)',
    call: 'transaction',
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      stage.reset();
    },
    expected: gets(`${UNKNOWN}, cause ECONNRESET`, { commits: 1, tookPlace: 1, kept: 0 }),
  },
  {
    name: 'the server is killed before COMMIT gets there',
    call: 'transaction',
    within: held,
    meanwhile: async (stage) => {
      await stage.until(() => stage.proxy.held > 0);
      await stage.kill();
    },
    expected: gets(`${UNKNOWN}, cause Connection terminated unexpectedly`, { kept: 0 }),
  },
  {
    name: 'the server is killed after COMMIT, its answer on the way',
    call: 'transaction',
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      await stage.kill();
    },
    expected: gets(`${UNKNOWN}, cause Connection terminated unexpectedly`, {
      ...{ commits: 1, tookPlace: 1, kept: 0 },
    }),
  },
  {
    name: 'the answer to COMMIT stalls',
    call: 'transaction',
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      await stage.late();
    },
    expected: gets(`${UNKNOWN}, cause HOLDFAST_TIMEOUT`, { commits: 1, tookPlace: 1, kept: 0, seconds: 11 }),
  },
  {
    name: 'the answer to COMMIT comes late, but comes',
    call: 'transaction',
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      await stage.clock.advance(10_500);
      stage.proxy.use();
    },
    expected: gets('done', { commits: 1, tookPlace: 1, seconds: 10 }),
  },
  {
    name: 'the caller leaves while the answer to COMMIT is on its way',
    call: 'transaction',
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      stage.caller.abort(stage.reason);
      await stage.clock.advance(1_000);
    },
    expected: gets(`${UNKNOWN}, cause the caller's reason`, {
      ...{ commits: 1, tookPlace: 1, kept: 0, seconds: 1 },
    }),
  },
  {
    name: 'the answer to COMMIT is lost, idempotent',
    call: 'transaction',
    text: 'insert into effects select $1 where not exists (select from effects where who = $1)',
    options: { idempotent: true },
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      stage.reset();
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 2, tookPlace: 1 }),
  },
  {
    name: 'the answer to COMMIT is lost, and then the server, idempotent',
    call: 'transaction',
    options: { idempotent: true },
    within: muted,
    meanwhile: async (stage) => {
      await stage.written();
      await stage.kill();
    },
    expected: gets(`${UNKNOWN}, cause ECONNRESET`, { attempts: 4, commits: 1, tookPlace: 1, kept: 0 }),
  },
  {
    name: 'the answer to COMMIT is lost, read only',
    call: 'transaction',
    text: 'select count(*) from effects where who = $1',
    options: { readOnly: true },
    within: muted,
    meanwhile: async (stage) => {
      await stage.sees('COMMIT');
      stage.reset();
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 2 }),
  },
  {
    name: 'COMMIT is refused by a deferred constraint',
    call: 'transaction',
    within: (_, tx) => tx.query('insert into children values (1)'),
    expected: gets('23503', { commits: 1 }),
  },
  {
    name: 'a statement fails, and the function goes on',
    call: 'transaction',
    within: (_, tx) => tx.query('select 1 / 0').catch(() => {}),
    expected: gets('22012', { commits: 1 }),
  },
  {
    name: 'the function throws',
    call: 'transaction',
    within: async () => {
      throw new Error('no credit');
    },
    expected: gets('no credit'),
  },
  {
    name: 'a deadlock with another transaction',
    call: 'transaction',
    pool: { options: '-c deadlock_timeout=10ms' },
    before: async (stage) => {
      const other = await stage.other({ options: '-c deadlock_timeout=1h' });
      await other.query("insert into accounts values ('a', 0), ('b', 0) on conflict do nothing");
      await other.query("begin; update accounts set cents = 1 where id = 'b'");
      stage.rival = other;
    },
    within: async (stage, tx, attempt) => {
      await tx.query("update accounts set cents = 2 where id = 'a'");
      if (attempt > 1) return;
      const blocked = stage.rival!.query("update accounts set cents = 1 where id = 'a'");
      await stage.blocked('other');
      stage.rivalEnds(blocked);
      await tx.query("update accounts set cents = 2 where id = 'b'");
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'another transaction has changed what it reads (repeatable read)',
    call: 'transaction',
    options: { isolation: 'repeatable read' },
    before: async (stage) => {
      stage.rival = await stage.other();
      await stage.rival.query("insert into accounts values ('c', 0) on conflict do nothing");
    },
    within: async (stage, tx, attempt) => {
      if (attempt === 1) await stage.rival!.query("update accounts set cents = 1 where id = 'c'");
      await tx.query("update accounts set cents = 2 where id = 'c'");
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'another transaction has read what it writes, and written what it reads (serializable)',
    call: 'transaction',
    options: { isolation: 'serializable' },
    before: async (stage) => {
      stage.rival = await stage.other();
      await stage.rival.query("insert into accounts values ('d', 0), ('e', 0) on conflict do nothing");
    },
    within: async (stage, tx, attempt) => {
      await tx.query('select sum(cents) from accounts');
      if (attempt === 1)
        await stage.rival!.query(
          "begin isolation level serializable; select sum(cents) from accounts; update accounts set cents = 1 where id = 'd'; commit",
        );
      await tx.query("update accounts set cents = 1 where id = 'e'");
    },
    expected: gets('done', { attempts: 2, seen: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'it meets another each time',
    call: 'transaction',
    within: (_, tx) => tx.query("select fail('40P01')"),
    expected: gets('40P01', { attempts: 4, seen: 4 }),
  },
  {
    name: 'it ends itself',
    call: 'transaction',
    within: (_, tx) => tx.query('commit'),
    expected: gets(
      'transaction: a statement must be one that neither begins nor ends a transaction, got "commit"',
    ),
  },
];
