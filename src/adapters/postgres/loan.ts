/**
 * A client of the pool on loan to one attempt: what is sent on it, how that is stopped, and in which state it goes back.
 * A client goes back idle and outside a transaction, or its connection is closed; never in the middle of anything.
 */
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import type { Call, CallNode } from '../../core/call.ts';
import { setAlarm } from '../../core/clock.ts';
import { Link } from '../../core/links.ts';
import type { Failure } from '../../core/outcome.ts';
import { type Deferred, deferred } from '../../core/promises.ts';
import type { Dependent } from '../../core/scope.ts';
import { cut, requestCancel } from './cancel.ts';
import { isSqlState } from './sqlstate.ts';

const ignore = (): void => {};

export class Loan extends Link implements Dependent {
  readonly #pool: Pool;
  readonly #call: CallNode;
  readonly #cancelMs: number;
  readonly #useless: ReadonlySet<unknown>;
  #client: PoolClient | undefined = undefined;
  /** Why the connection is of no use any more. */
  #broken: Failure | undefined = undefined;
  /** Why the attempt is given up, or was asked to stop. */
  #stopped: Failure | undefined = undefined;
  /** What the server has been sent and not answered. */
  #running: Deferred<void> | undefined = undefined;
  /** What runs may not be cancelled: of a COMMIT that would be no use, and a ROLLBACK is what is wanted. */
  #closing = false;
  /** The server said one of the SQLSTATEs. */
  #unwanted = false;
  /** Resolves when the request to cancel is over: whether the client may still be used. */
  #cancelled: Promise<boolean> | undefined = undefined;
  #abortCancel: (() => void) | undefined = undefined;
  #whenStopped: ((error: unknown) => void) | undefined = undefined;
  #stopAlarm: (() => void) | undefined = undefined;

  /** @param useless - SQLSTATEs after which the connection is closed, though the server would go on */
  constructor(pool: Pool, call: Call, cancelMs: number, useless: ReadonlySet<unknown>) {
    super();
    this.#pool = pool;
    this.#call = call as CallNode;
    this.#cancelMs = cancelMs;
    this.#useless = useless;
  }

  /** Waits for a client. Nobody can be taken out of the pool's queue: one that comes too late goes back at once. */
  open(): Promise<void> {
    this.#call.scope.add(this);
    return new Promise((resolve, reject) => {
      this.#whenStopped = reject;
      this.#pool.connect((error, client) => {
        if (this.#stopped !== undefined) return client?.release();
        this.#whenStopped = undefined;
        if (client === undefined) {
          this.unlink();
          return reject(error);
        }
        this.#client = client;
        client.on('error', this.#onBroken);
        resolve();
      });
    });
  }

  /** Whether the server can still be asked something, and has said that it is done with what it was asked. */
  get alive(): boolean {
    return this.#broken === undefined && this.#running === undefined;
  }

  /** Whether what is sent now would be. */
  check(): void {
    const over = this.#stopped ?? this.#broken;
    if (over !== undefined) throw over.error;
  }

  /** Whether this is why the attempt was stopped. */
  stoppedWith(error: unknown): boolean {
    return this.#stopped !== undefined && this.#stopped.error === error;
  }

  /** Calls `tell` when the attempt is stopped, or has been. */
  whenStopped(tell: (error: unknown) => void): void {
    if (this.#stopped === undefined) this.#whenStopped = tell;
    else tell(this.#stopped.error);
  }

  /** @throws what `check` throws: then it was not sent */
  send(config: string | QueryConfig, values?: unknown[]): Promise<QueryResult> {
    this.check();
    return this.#send(config, values);
  }

  /** The same, but that nothing stops it. */
  commit(): Promise<QueryResult> {
    this.#closing = true;
    return this.send('COMMIT');
  }

  #send(config: string | QueryConfig, values?: unknown[]): Promise<QueryResult> {
    const client = this.#client as PoolClient;
    return new Promise((resolve, reject) => {
      const running = deferred<void>();
      this.#running = running;
      const settle = (): void => {
        this.#running = undefined;
        running.resolve();
      };
      try {
        client.query(config as string, values as unknown[], (error, result) => {
          if (error == null) {
            settle();
            resolve(result);
          } else if (this.#broken !== undefined || !isSqlState((error as { code?: unknown }).code)) {
            // What pg itself says, of a limit of its own say, may come while the server still works.
            this.#onBroken(error);
            settle();
            reject(error);
          } else {
            this.#unwanted ||= this.#useless.has((error as { code?: unknown }).code);
            // After an error the server says either that it is ready for more, or that it has closed the connection.
            const over = (): void => {
              client.off('drain', over).off('error', over);
              settle();
              reject(error);
            };
            client.on('drain', over).on('error', over);
          }
        });
      } catch (error) {
        settle();
        reject(error);
      }
    });
  }

  /** The run gives the attempt up, or asks it to stop. */
  onStop(why: Failure): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = why;
    if (this.#client !== undefined) this.#end(this.#client);
    else this.unlink();
    this.#whenStopped?.(why.error);
  }

  /** Has what runs end, in good time. */
  #end(client: PoolClient): void {
    this.#limit();
    if (this.#running !== undefined && !this.#closing) {
      const { result, abort } = requestCancel(this.#pool, client);
      this.#abortCancel = abort;
      this.#cancelled = result.then((how) => how !== 'unsure');
      void this.#cancelled.then((usable) => usable || this.#discard());
    }
  }

  /** The client goes back. A promise only where something has to be waited for. */
  close(): Promise<void> | undefined {
    if (this.alive && this.#cancelled === undefined && this.#outside()) return this.#release(this.#unwanted);
    return this.#wind();
  }

  /** Waits until nothing runs any more, and ends the transaction, if there is one; but no longer than it may take. */
  async #wind(): Promise<void> {
    this.#closing = true;
    this.#limit();
    await this.#running?.promise;
    await this.#cancelled;
    if (this.#broken === undefined && !this.#outside()) await this.#send('ROLLBACK').catch(ignore);
    this.#release(this.#unwanted || !this.alive || !this.#outside());
  }

  get #status(): string | null | undefined {
    return (this.#client as PoolClient).getTransactionStatus?.();
  }

  /** Whether a transaction is open, and has not failed. */
  get inTransaction(): boolean {
    return this.#status === 'T';
  }

  /** Outside a transaction. Versions of pg that cannot tell cannot have their clients back. */
  #outside(): boolean {
    return this.#status === 'I';
  }

  #limit(): void {
    const { clock } = this.#call.run;
    this.#stopAlarm ??= setAlarm(clock, clock.now() + this.#cancelMs, () => this.#discard());
  }

  #discard(): void {
    this.#abortCancel?.();
    // Its end is told as an error of the client's, and to whatever runs on it.
    cut(this.#client as PoolClient);
  }

  #release(broken: boolean): undefined {
    const client = this.#client as PoolClient;
    this.unlink();
    this.#stopAlarm?.();
    if (broken) this.#discard();
    client.off('error', this.#onBroken);
    client.release(broken);
  }

  readonly #onBroken = (error: unknown): void => {
    this.#broken ??= { ok: false, error };
  };
}
