/** One transaction on its way through a pipeline: begun, filled by the caller's function, and committed, as a whole. */
import type { Pool, QueryArrayConfig, QueryArrayResult, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Call } from '../../core/call.ts';
import { allowed } from '../../core/options.ts';
import { rejectLater } from '../../core/promises.ts';
import { controls } from './control.ts';
import { OutcomeUnknownError } from './errors.ts';
import { Loan } from './loan.ts';
import { isSqlState, kindOf, READ_ONLY_SERVER } from './sqlstate.ts';
import { type Asked, asked } from './statement-config.ts';

/** What the function of a transaction is given. */
export interface TransactionClient {
  /**
   * As of a client of pg, with promises. Statements are sent one after the other. One that would begin or end a transaction
   * is refused with a TypeError; savepoints are allowed.
   */
  query<R extends unknown[] = unknown[]>(
    config: QueryArrayConfig,
    values?: readonly unknown[],
  ): Promise<QueryArrayResult<R>>;
  /** The same, with rows that are objects. */
  query<R extends QueryResultRow = QueryResultRow>(
    config: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>>;
}

/** The caller's function. It may be called more than once, and should touch nothing but the database. */
export type TransactionFunction<T> = (client: TransactionClient, call: Call) => PromiseLike<T> | T;

const NONE: ReadonlySet<unknown> = new Set();

const ignore = (): void => {};

/** One attempt at it. */
class Filling<T> implements TransactionClient {
  readonly #loan: Loan;
  /** The last statement that was asked for; it never rejects. */
  tail: Promise<unknown> = Promise.resolve();
  /** Of the first statement that failed: from then on the server takes nothing, but a way back to a savepoint. */
  fault: { readonly error: unknown } | undefined = undefined;
  over = false;

  constructor(loan: Loan) {
    this.#loan = loan;
  }

  query(config: string | QueryConfig, values?: readonly unknown[]): Promise<never> {
    let what: Asked;
    try {
      what = asked('transaction', config, values);
    } catch (error) {
      return rejectLater(error);
    }
    const sent = this.tail.then(() => this.#send(what));
    this.tail = sent.catch(ignore);
    return sent as Promise<never>;
  }

  async #send({ config, text, values }: Asked): Promise<QueryResult> {
    if (this.over) throw new Error('The transaction is over; a statement was not awaited in it');
    if (controls(text))
      throw allowed('transaction', 'a statement', text, 'one that neither begins nor ends a transaction');
    try {
      const result = await this.#loan.send(config, values);
      this.fault = undefined;
      return result;
    } catch (error) {
      this.fault ??= { error };
      throw error;
    }
  }

  /** Calls the function, and waits for what it asked for, unless the attempt is stopped before. */
  fill(fn: TransactionFunction<T>, call: Call): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#loan.whenStopped(reject);
      const filled = async (): Promise<T> => {
        const value = await fn(this, call);
        await this.tail;
        return value;
      };
      filled().then(resolve, reject);
    });
  }
}

export class Transaction<T> {
  readonly #pool: Pool;
  readonly #cancelMs: number;
  readonly #begin: string;
  readonly #useless: ReadonlySet<unknown>;
  readonly #fn: TransactionFunction<T>;
  readonly #idempotent: boolean;
  /** Attempts that sent COMMIT and were not told that nothing came of it. */
  #unknown = 0;
  /** What the function threw of its own accord. */
  #thrown: { readonly error: unknown; readonly alive: boolean } | undefined = undefined;

  constructor(pool: Pool, cancelMs: number, begin: string, fn: TransactionFunction<T>, idempotent: boolean) {
    this.#pool = pool;
    this.#cancelMs = cancelMs;
    this.#begin = begin;
    this.#useless = begin.endsWith('READ ONLY') ? NONE : READ_ONLY_SERVER;
    this.#fn = fn;
    this.#idempotent = idempotent;
  }

  /** Whether it may have taken place, or has: then nothing may end the call as if it had not, nor run it again. */
  get unknown(): boolean {
    return this.#unknown > 0;
  }

  /** Whether it may be run again, as things stand. */
  get repeatable(): boolean {
    return this.#idempotent || !this.unknown;
  }

  /**
   * Whether it is an error of the function, which says nothing about the server. One of a connection is so too, while
   * that to this server is alive: it is about another one.
   */
  isOwn(error: unknown): boolean {
    if (this.#thrown === undefined || this.#thrown.error !== error) return false;
    const kind = kindOf(error);
    return kind === undefined || (this.#thrown.alive && (kind === 'lost' || kind === 'refused'));
  }

  /** One attempt. */
  async run(call: Call): Promise<T> {
    const loan = new Loan(this.#pool, call, this.#cancelMs, this.#useless);
    await loan.open();
    try {
      await loan.send(this.#begin);
      const filling = new Filling<T>(loan);
      let value: T;
      try {
        value = await filling.fill(this.#fn, call);
      } catch (error) {
        if (!loan.stoppedWith(error)) this.#thrown = { error, alive: loan.alive };
        throw error;
      } finally {
        filling.over = true;
      }
      await this.#commit(loan, filling, call);
      return value;
    } finally {
      const closing = loan.close();
      if (closing !== undefined) await closing;
    }
  }

  async #commit(loan: Loan, filling: Filling<T>, call: Call): Promise<void> {
    loan.check();
    this.#unknown++;
    let command: string;
    try {
      ({ command } = await loan.commit());
    } catch (error) {
      if (!loan.alive || !isSqlState((error as { code?: unknown } | null)?.code))
        throw new OutcomeUnknownError({ pipeline: call.pipeline, cause: error });
      // Refused by the server, which is ready for more: it has rolled back.
      this.#unknown--;
      throw error;
    }
    if (command === 'COMMIT') return;
    this.#unknown--;
    // The function went on after a statement had failed.
    throw filling.fault?.error ?? new Error(`COMMIT was answered with ${command}`);
  }
}
