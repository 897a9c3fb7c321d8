/** A pool of `pg` through a pipeline: right about what may be sent again, and about what becomes of a connection. */
import type { Pool, QueryArrayConfig, QueryArrayResult, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Judge, Judgement } from '../../core/judge.ts';
import {
  allowed,
  check,
  FLAG,
  FUNCTION,
  inspect,
  LIMIT,
  type Rules,
  SIGNAL,
  settle,
} from '../../core/options.ts';
import type { Operation } from '../../core/policy.ts';
import { rejectLater } from '../../core/promises.ts';
import type { RunOptions } from '../../core/run.ts';
import type { ExtraOf } from '../../core/runnable.ts';
import { printWarnings } from '../../pipeline/warnings.ts';
import { OutcomeUnknownError } from './errors.ts';
import { carefulJudge } from './judge.ts';
import { Running } from './run-options.ts';
import { type StandardPipeline, standardPipeline } from './standard.ts';
import { Statement } from './statement.ts';
import { asked } from './statement-config.ts';
import { Transaction, type TransactionFunction } from './transaction.ts';
import { warningsOf } from './warnings.ts';

/** What statements and transactions run through. */
export interface Runs {
  /** Stands in what is printed of it, and in errors. */
  readonly name: string;
  /** As of a pipeline. */
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<unknown>;
}

/** Options of `resilientPool`. */
export interface PostgresOptions<P extends Runs = StandardPipeline> {
  /** What each statement and each transaction runs through. Default: the standard pipeline. */
  readonly pipeline?: P | undefined;
  /**
   * Asked before `postgresJudge`, which answers where this does not. `call.context` is `{ text }`, the text of the
   * statement, or undefined for a transaction.
   */
  readonly judge?: Judge | undefined;
  /**
   * Whether a statement outside a transaction may take place twice: true, or a function of its text that says so.
   * Default: false.
   */
  readonly idempotent?: boolean | ((text: string) => boolean) | undefined;
  /**
   * How long what was stopped may take to end in the server, in milliseconds, > 0; the connection is then closed.
   * Default: 1_000.
   */
  readonly cancelMs?: number | undefined;
}

/** What may be said of a single statement. */
export interface StatementOptions {
  /** The caller's own signal: when it aborts, the statement is cancelled, and the call rejects with its `reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for all of it, > 0. Default: `Infinity`. */
  readonly timeoutMs?: number | undefined;
  /** Whether it may take place twice. Default: what the pool's option says. */
  readonly idempotent?: boolean | undefined;
}

/** What may be said of a single transaction. */
export interface TransactionOptions extends StatementOptions {
  /** Default: the database's, `read committed` unless it was changed. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined;
  /** It only reads, which the server sees to, and so may be run twice. Default: false. */
  readonly readOnly?: boolean | undefined;
  /** Whether it may take place twice, so that a lost answer to COMMIT is no reason not to run it again. Default: false. */
  readonly idempotent?: boolean | undefined;
}

/** What `resilientPool` returns. */
export interface ResilientPool<P extends Runs = StandardPipeline> {
  /** One statement, outside a transaction, with each row as an array. */
  query<R extends unknown[] = unknown[]>(
    config: QueryArrayConfig,
    values?: readonly unknown[],
    options?: StatementOptions,
  ): Promise<QueryArrayResult<R> | ExtraOf<P>>;
  /** One statement, outside a transaction. */
  query<R extends QueryResultRow = QueryResultRow>(
    config: string | QueryConfig,
    values?: readonly unknown[],
    options?: StatementOptions,
  ): Promise<QueryResult<R> | ExtraOf<P>>;
  /**
   * BEGIN, what the function does with its client, and COMMIT; ROLLBACK if it throws. All of it is run again where that
   * is safe.
   *
   * @throws OutcomeUnknownError - (as a rejection) if COMMIT was sent and got no answer
   */
  transaction<T>(fn: TransactionFunction<T>, options?: TransactionOptions): Promise<T | ExtraOf<P>>;
  /** To listen to, and to look at. */
  readonly pipeline: P;
  /** What was given. */
  readonly pool: Pool;
  /** What is known not to fit between pool and pipeline; each was also printed, once. */
  readonly warnings: readonly string[];
}

const RULES: Rules = {
  pipeline: ['a pipeline', undefined, 'run', 'on'],
  judge: [FUNCTION],
  idempotent: ['true or false or a function', false],
  cancelMs: ['a finite number > 0', 1_000],
};
const POOL: Rules = { pool: ['a Pool of pg', undefined, 'connect', 'query', 'on'] };
const STATEMENT_RULES: Rules = { signal: SIGNAL, timeoutMs: [LIMIT], idempotent: [FLAG] };
const TRANSACTION_RULES: Rules = {
  ...STATEMENT_RULES,
  isolation: ["'read committed' or 'repeatable read' or 'serializable'"],
  readOnly: [FLAG],
};

const NONE: StatementOptions = {};

/** Of what the caller's function throws by itself. */
const OWN: Judgement = { verdict: 'ignore', retry: false };

const heard = new WeakSet<Pool>();

/** An idle connection that ends is no error: the pool has let go of it. Without a listener, Node would end the process. */
function listenTo(pool: Pool): void {
  if (heard.has(pool)) return;
  heard.add(pool);
  pool.on('error', () => {});
}

/**
 * The same pool, with the policies of a pipeline around each statement and each transaction. Without options that is the
 * standard pipeline: see `standardPipeline`.
 *
 * - What an error counts as is said by `postgresJudge`. What is the caller's mistake is neither tried again nor counted.
 * - A transaction is run again as a whole, unless COMMIT was sent and not answered: that is an `OutcomeUnknownError`.
 * - A statement outside one is sent again only if it is known not to have taken place, or is said to be idempotent.
 * - What times out or is aborted is cancelled in the server; its client goes back when it is idle, or is closed.
 * - Waiting for a client is part of the attempt.
 *
 * The pool gets a listener for `error`, so that an idle connection that breaks does not end the process.
 *
 * @throws TypeError | RangeError - for a bad option. What it returns rejects as the pool does, and with the errors of its
 *   policies
 * @example
 * const db = resilientPool(new Pool({ connectionTimeoutMillis: 5_000 }));
 * const { rows } = await db.query('select * from items where id = $1', [42], { idempotent: true });
 * await db.transaction(async (tx) => {
 *   await tx.query('update accounts set cents = cents - $1 where id = $2', [100, 'a']);
 *   await tx.query('update accounts set cents = cents + $1 where id = $2', [100, 'b']);
 * });
 */
export function resilientPool<P extends Runs = StandardPipeline>(
  pool: Pool,
  options: PostgresOptions<P> = {},
): ResilientPool<P> {
  inspect('resilientPool', { pool }, POOL, 'pool');
  // A Client has the same methods.
  if (!pool.options) throw allowed('resilientPool', 'pool', pool, 'a Pool of pg');
  const settings = settle<PostgresOptions<Runs> & { cancelMs: number }>('resilientPool', options, RULES);
  const { pipeline = standardPipeline(pool), judge, idempotent, cancelMs } = settings;
  const warnings = warningsOf(pipeline, pool);
  printWarnings(pipeline.name, warnings);
  listenTo(pool);
  const judged: Judge = judge
    ? (outcome, call) => judge(outcome, call) ?? carefulJudge(outcome, call)
    : carefulJudge;
  const byDefault = typeof idempotent === 'function' ? idempotent : () => idempotent === true;

  function query(
    config: string | QueryConfig,
    values?: readonly unknown[],
    given: StatementOptions = NONE,
  ): Promise<unknown> {
    try {
      const what = asked('query', config, values);
      if (given !== NONE) inspect('query', given, STATEMENT_RULES);
      const statement = new Statement(pool, cancelMs, what, given.idempotent ?? byDefault(what.text));
      return pipeline.run((call) => statement.send(call), new Running(statement, given, judged, what.text));
    } catch (error) {
      return rejectLater(error);
    }
  }

  async function transaction<T>(
    fn: TransactionFunction<T>,
    given: TransactionOptions = {},
  ): Promise<unknown> {
    check('transaction', 'fn', fn, FUNCTION);
    inspect('transaction', given, TRANSACTION_RULES);
    const { isolation, readOnly = false, idempotent: twice = readOnly } = given;
    const begin = `BEGIN${isolation ? ` ISOLATION LEVEL ${isolation.toUpperCase()}` : ''}${readOnly ? ' READ ONLY' : ''}`;
    const whole = new Transaction<T>(pool, cancelMs, begin, fn, twice);
    const judgeAll: Judge = (outcome, call) =>
      !outcome.ok && whole.isOwn(outcome.error) ? (judge?.(outcome, call) ?? OWN) : judged(outcome, call);
    try {
      return await pipeline.run((call) => whole.run(call), new Running(whole, given, judgeAll, undefined));
    } catch (error) {
      // Whatever ended the call, nobody may take it for a transaction that did not take place.
      if (!whole.unknown || error instanceof OutcomeUnknownError) throw error;
      throw new OutcomeUnknownError({ pipeline: pipeline.name, cause: error });
    }
  }

  return { query, transaction, pipeline, pool, warnings } as unknown as ResilientPool<P>;
}
