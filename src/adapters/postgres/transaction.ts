/** One transaction on its way through a pipeline: begun, filled by the caller's function, and committed, as a whole. */
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Call } from '../../core/call.ts';
import { allowed } from '../../core/options.ts';
import { OutcomeUnknownError } from './errors.ts';
import { Loan } from './loan.ts';
import { isSqlState, kindOf } from './sqlstate.ts';

/** What the function of a transaction is given. */
export interface TransactionClient {
  /**
   * As of a client of pg, with promises. Statements are sent one after the other. One that would begin or end a transaction
   * is refused with a TypeError; savepoints are allowed.
   */
  query<R extends QueryResultRow = QueryResultRow>(
    config: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>>;
}

/** The caller's function. It may be called more than once, and should touch nothing but the database. */
export type TransactionFunction<T> = (client: TransactionClient, call: Call) => PromiseLike<T> | T;

const ignore = (): void => {};

/** Where a semicolon, or a word, means nothing: comments, strings, quoted names, and bodies of functions. */
const QUOTED = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$[\s\S]*?\$\1\$/g;
const ATOMIC = /\bbegin\s+atomic\b/i;
const CONTROL =
  /^\s*(begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+((work|transaction)\s+)?to\b))\b/i;

/** Whether a text would begin or end the transaction. */
function controls(text: string): boolean {
  const plain = text.replace(QUOTED, ' ');
  // The body of a function in standard SQL has semicolons, and an END, of its own.
  const parts = ATOMIC.test(plain) ? [plain] : plain.split(';');
  return parts.some((part) => CONTROL.test(part));
}

/** One attempt at it. */
class Filling<T> implements TransactionClient {
  readonly #loan: Loan;
  /** The last statement that was asked for; it never rejects. */
  tail: Promise<unknown> = Promise.resolve();
  /** Of the first statement that failed: from then on the server takes nothing any more. */
  fault: { readonly error: unknown } | undefined = undefined;
  over = false;

  constructor(loan: Loan) {
    this.#loan = loan;
  }

  query<R extends QueryResultRow>(
    config: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>> {
    const sent = this.tail.then(() => this.#send(config, values?.slice()));
    this.tail = sent.catch(ignore);
    return sent as Promise<QueryResult<R>>;
  }

  async #send(config: string | QueryConfig, values: unknown[] | undefined): Promise<QueryResult> {
    if (this.over) throw new Error('The transaction is over; a statement was not awaited in it');
    const text = typeof config === 'string' ? config : config?.text;
    if (typeof text !== 'string' || controls(text))
      throw allowed('transaction', 'a statement', text, 'one that neither begins nor ends a transaction');
    try {
      return await this.#loan.send(config, values);
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
  readonly #fn: TransactionFunction<T>;
  readonly #idempotent: boolean;
  /** Attempts that sent COMMIT and do not know its answer. */
  #unknown = 0;
  /** What the function threw of its own accord. */
  #thrown: { readonly error: unknown } | undefined = undefined;

  constructor(pool: Pool, cancelMs: number, begin: string, fn: TransactionFunction<T>, idempotent: boolean) {
    this.#pool = pool;
    this.#cancelMs = cancelMs;
    this.#begin = begin;
    this.#fn = fn;
    this.#idempotent = idempotent;
  }

  /** Whether it may have taken place, though nobody could say so. */
  get unknown(): boolean {
    return this.#unknown > 0;
  }

  /** Whether it may be run again, as things stand. */
  get repeatable(): boolean {
    return this.#idempotent || !this.unknown;
  }

  /** Whether it is an error of the function, which says nothing about the server. */
  isOwn(error: unknown): boolean {
    return this.#thrown !== undefined && this.#thrown.error === error && kindOf(error) === undefined;
  }

  /** One attempt. */
  async run(call: Call): Promise<T> {
    const loan = new Loan(this.#pool, call, this.#cancelMs);
    await loan.open();
    try {
      await loan.send(this.#begin);
      const filling = new Filling<T>(loan);
      let value: T;
      try {
        value = await filling.fill(this.#fn, call);
      } catch (error) {
        if (!loan.stoppedWith(error)) this.#thrown = { error };
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
    this.#unknown--;
    if (command === 'COMMIT') return;
    // The function went on after a statement had failed.
    throw filling.fault?.error ?? new Error(`COMMIT was answered with ${command}`);
  }
}
