/**
 * What an error of Postgres says. The server's own carry a SQLSTATE, whose first two characters are its class:
 * https://www.postgresql.org/docs/18/errcodes-appendix.html. Those of the connection carry a code of the system, or only
 * words of `pg`.
 */
import { HoldfastError } from '../../core/errors.ts';

/**
 * - `conflict`: the transaction was rolled back because of another one; run again, it may well succeed. It is the price
 *   of concurrency, and says nothing against the server.
 * - `refused`: there was no connection to the server, so that nothing can have run.
 * - `lost`: the connection ended; whether what was sent last has run is not known.
 * - `failed`: the server cannot do it, and would not a moment later either.
 * - `mistake`: the statement, its values or the data are not as they would have to be. The server is in good health.
 */
export type Kind = 'conflict' | 'refused' | 'lost' | 'failed' | 'mistake';

const STATES: Readonly<Record<string, Kind>> = {
  // https://www.postgresql.org/docs/18/mvcc-serialization-failure-handling.html: "retry the complete transaction".
  '40001': 'conflict', // serialization_failure
  '40P01': 'conflict', // deadlock_detected
  '40003': 'lost', // statement_completion_unknown
  '08001': 'refused', // sqlclient_unable_to_establish_sqlconnection
  '08004': 'refused', // sqlserver_rejected_establishment_of_sqlconnection
  '08P01': 'mistake', // protocol_violation: too few values, say
  '53300': 'refused', // too_many_connections
  '57P03': 'refused', // cannot_connect_now: the server starts up, shuts down or recovers
  '57P01': 'lost', // admin_shutdown, pg_terminate_backend too
  '57P02': 'lost', // crash_shutdown: another process of the server died
  '57P04': 'failed', // database_dropped
  '57P05': 'lost', // idle_session_timeout
  '57014': 'failed', // query_canceled, by statement_timeout or by somebody: whoever set the limit meant it
  '25P04': 'failed', // transaction_timeout, likewise
};

const CLASSES: Readonly<Record<string, Kind>> = {
  '08': 'lost', // connection exception
  '28': 'failed', // invalid authorization specification
  '3D': 'failed', // invalid catalog name: there is no such database
  '53': 'failed', // insufficient resources: disk full, out of memory
  '58': 'failed', // system error: outside of Postgres
  F0: 'failed', // configuration file error
  XX: 'failed', // internal error
};

/** Codes of Node and of pg have no digit in them. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
/** What the system, or the resolver, says of a connection that was never made. */
const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOENT)$/;
/** The same in the words of pg: no client in time. The other end gave the connection up before it was one. */
const NO_CLIENT =
  /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/;
const BROKEN = /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT)$/;
const ENDED = /^(Connection terminated|Client (was closed|has encountered a connection error))/;
const MISUSED =
  /^(Cannot use a pool after calling end|A query must have either|Prepared statements must be|Query values must be|query: a statement must be)/;

/**
 * read_only_sql_transaction, where nobody asked for one: the server was the primary once, or is the wrong one. The next
 * connection may well lead to the right one; this one never will.
 */
export const READ_ONLY_SERVER: ReadonlySet<unknown> = new Set(['25006']);

/** Whether the server said it, rather than the network or pg. */
export const isSqlState = (code: unknown): code is string => typeof code === 'string' && SQLSTATE.test(code);

/** How many causes are looked at: what is built on pg likes to wrap its errors. */
const DEPTH = 5;

/** @returns undefined where it is no error of Postgres, nor caused by one; those of policies are none */
export function kindOf(error: unknown, depth = DEPTH): Kind | undefined {
  if (depth === 0 || error == null || error instanceof HoldfastError) return undefined;
  return ownKindOf(error) ?? kindOf((error as { cause?: unknown }).cause, depth - 1);
}

function ownKindOf(error: unknown): Kind | undefined {
  const { code, message, severity } = Object(error) as Partial<Record<string, unknown>>;
  // The server, or a pooler before it, that gives the session up so; short of that it is about one statement.
  if (code === '08P01' && severity === 'FATAL') return 'lost';
  if (isSqlState(code)) return STATES[code] ?? CLASSES[code.slice(0, 2)] ?? 'mistake';
  if (typeof code === 'string') {
    if (UNREACHABLE.test(code)) return 'refused';
    return BROKEN.test(code) ? 'lost' : undefined;
  }
  if (typeof message !== 'string') return undefined;
  if (NO_CLIENT.test(message)) return 'refused';
  if (MISUSED.test(message)) return 'mistake';
  return ENDED.test(message) ? 'lost' : undefined;
}
