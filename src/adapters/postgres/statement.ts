/** One statement outside a transaction, on its way through a pipeline. */
import type { Pool, QueryResult } from 'pg';
import type { Call } from '../../core/call.ts';
import { allowed } from '../../core/options.ts';
import { Loan } from './loan.ts';
import { isSqlState, READ_ONLY_SERVER } from './sqlstate.ts';
import type { Asked } from './statement-config.ts';

/**
 * A single statement that is a transaction of its own, so that an error takes back all of it. Not so those that end
 * transactions within, CALL and DO, nor several in one text. What cannot be seen at a glance is not taken for one.
 */
const WHOLE = /^\s*(select|insert|update|delete|merge|with|values|table)\b[^;]*;?\s*$/i;

const COMPLETE = 'one that leaves no transaction open (use transaction)';

export class Statement {
  readonly #pool: Pool;
  readonly #cancelMs: number;
  readonly #asked: Asked;
  readonly #idempotent: boolean;
  /** Whether it was sent, and nothing has proved since that it left no trace. */
  #mayHaveRun = false;

  constructor(pool: Pool, cancelMs: number, asked: Asked, idempotent: boolean) {
    this.#pool = pool;
    this.#cancelMs = cancelMs;
    this.#asked = asked;
    this.#idempotent = idempotent;
  }

  /** Whether it may be sent again, as things stand. */
  get repeatable(): boolean {
    return this.#idempotent || !this.#mayHaveRun;
  }

  /** One attempt. */
  async send(call: Call): Promise<QueryResult> {
    const loan = new Loan(this.#pool, call, this.#cancelMs, READ_ONLY_SERVER);
    await loan.open();
    try {
      loan.check();
      this.#mayHaveRun = true;
      const result = await loan.send(this.#asked.config, this.#asked.values);
      // What it did goes no further than this connection, on which nobody could go on.
      if (loan.inTransaction) throw allowed('query', 'a statement', this.#asked.text, COMPLETE);
      return result;
    } catch (error) {
      if (loan.alive && this.#tookBack(error)) this.#mayHaveRun = false;
      throw error;
    } finally {
      const closing = loan.close();
      if (closing !== undefined) await closing;
    }
  }

  /** The server said so itself, and is ready for more: then it has rolled back. */
  #tookBack(error: unknown): boolean {
    return isSqlState((error as { code?: unknown } | null)?.code) && WHOLE.test(this.#asked.text);
  }
}
