/** Servers that cannot be reached, and pools that have no client to give. */
import { gets, type Row } from '../row.ts';

const NEVER = { attempts: 4, seen: 0, kept: 0 };

export const connecting: readonly Row[] = [
  {
    name: 'the server is down',
    call: 'statement',
    before: (stage) => stage.kill(),
    expected: gets('ECONNRESET', NEVER),
  },
  {
    name: 'the server is down, and up again for the second attempt',
    call: 'statement',
    before: (stage) => stage.kill(),
    retrying: (stage) => stage.restart(),
    expected: gets('done', { attempts: 2, tookPlace: 1 }),
  },
  {
    name: 'the port is closed',
    call: 'transaction',
    before: async (stage) => stage.proxy.refuse(),
    expected: gets('ECONNREFUSED', NEVER),
  },
  {
    name: 'reset once connected',
    call: 'statement',
    before: async (stage) => stage.proxy.use({ kind: 'reset', after: { request: 10 } }),
    expected: gets('ECONNRESET', NEVER),
  },
  {
    name: 'closed once connected',
    call: 'transaction',
    before: async (stage) => stage.proxy.use({ kind: 'cut', after: { request: 10 } }),
    expected: gets('Connection terminated unexpectedly', NEVER),
  },
  {
    name: 'connected, then silence, and a connectionTimeoutMillis of 50 ms',
    call: 'statement',
    pool: { connectionTimeoutMillis: 50 },
    before: async (stage) => stage.proxy.use({ kind: 'stall' }),
    expected: gets('Connection terminated due to connection timeout', NEVER),
  },
  {
    name: 'connected, then silence, and a connectionTimeoutMillis of a minute',
    call: 'statement',
    before: async (stage) => stage.proxy.use({ kind: 'stall' }),
    meanwhile: async (stage) => {
      for (const nth of [1, 2, 3]) {
        await stage.until(() => stage.proxy.total === nth);
        await stage.clock.advance(10_000);
      }
    },
    expected: gets('HOLDFAST_TIMEOUT of total', { attempts: 3, seen: 0, kept: 0, leaked: 3, seconds: 30 }),
  },
  {
    name: 'the server shuts down, and waits for a session',
    call: 'statement',
    before: async (stage) => {
      await stage.other();
      await stage.beginShutDown();
    },
    expected: gets('57P03', NEVER),
  },
  {
    name: 'wrong password',
    call: 'statement',
    pool: { password: 'wrong' },
    expected: gets('28P01', { seen: 0, kept: 0 }),
  },
  {
    name: 'no such database',
    call: 'statement',
    pool: { database: 'nowhere' },
    expected: gets('3D000', { seen: 0, kept: 0 }),
  },
  {
    name: 'too many connections',
    call: 'statement',
    pool: { user: 'limited', password: 'limited' },
    before: (stage) => stage.limit(0),
    expected: gets('53300', NEVER),
  },
  {
    name: 'too many connections, until the second attempt',
    call: 'transaction',
    pool: { user: 'limited', password: 'limited' },
    before: (stage) => stage.limit(0),
    retrying: (stage) => stage.limit(5),
    expected: gets('done', { attempts: 2, commits: 1, tookPlace: 1 }),
  },
  {
    name: 'no client in the pool',
    call: 'statement',
    pool: { max: 1 },
    before: (stage) => stage.take(),
    meanwhile: async (stage) => {
      for (const nth of [1, 2, 3]) {
        await stage.until(() => stage.pool.waitingCount === nth);
        await stage.clock.advance(10_000);
      }
    },
    after: async (stage) => stage.giveBack(),
    expected: gets('HOLDFAST_TIMEOUT of total', { attempts: 3, seen: 0, seconds: 30 }),
  },
  {
    name: 'no client in the pool, and a connectionTimeoutMillis',
    call: 'statement',
    pool: { max: 1, connectionTimeoutMillis: 500 },
    before: (stage) => stage.take(),
    after: async (stage) => stage.giveBack(),
    expected: gets('timeout exceeded when trying to connect', { attempts: 4, seen: 0 }),
  },
  {
    name: 'no client in the pool until 5 s are over',
    call: 'statement',
    pool: { max: 1 },
    before: (stage) => stage.take(),
    meanwhile: async (stage) => {
      await stage.until(() => stage.pool.waitingCount === 1);
      await stage.clock.advance(5_000);
      stage.giveBack();
    },
    expected: gets('done', { tookPlace: 1, seconds: 5 }),
  },
  {
    name: 'the caller leaves while there is no client',
    call: 'statement',
    pool: { max: 1 },
    before: (stage) => stage.take(),
    meanwhile: async (stage) => {
      await stage.until(() => stage.pool.waitingCount === 1);
      stage.caller.abort(stage.reason);
    },
    after: async (stage) => stage.giveBack(),
    expected: gets("the caller's reason", { seen: 0 }),
  },
  {
    name: 'the caller has left before',
    call: 'statement',
    before: async (stage) => stage.caller.abort(stage.reason),
    expected: gets("the caller's reason", { attempts: 0, seen: 0, kept: 0 }),
  },
  {
    name: 'the circuit is open',
    call: 'statement',
    before: async (stage) => {
      stage.proxy.refuse();
      for (const _ of ['four attempts', 'the fifth']) await stage.db.query('select 1').catch(() => {});
    },
    expected: gets('HOLDFAST_CIRCUIT_OPEN of circuit-breaker', { attempts: 0, seen: 0, kept: 0 }),
  },
  {
    name: 'all clients are in use, and nobody may wait',
    call: 'statement',
    pool: { max: 1 },
    before: (stage) => stage.crowd(21),
    after: (stage) => stage.disperse(),
    expected: gets('HOLDFAST_BULKHEAD_FULL of bulkhead', { attempts: 0, seen: 0 }),
  },
];
