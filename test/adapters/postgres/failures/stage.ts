/** What stands between a caller and its failure: a real server, the proxy before it, and a pool. */
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { type ResilientPool, resilientPool } from '../../../../src/adapters/postgres/index.ts';
import type { VirtualClock } from '../../../../src/testing/index.ts';
import { Postgres } from '../../../database/postgres.ts';
import { FaultProxy } from '../../../network/proxy.ts';
import { flush } from '../../../support/jobs.ts';
import type { Connections } from './row.ts';

/** What the table writes to, and functions that fail on purpose. */
const SCHEMA = `
  create table effects (who text not null);
  create table accounts (id text primary key, cents int not null);
  create table parents (id int primary key);
  create table children (parent int references parents deferrable initially deferred);
  create function fail(state text) returns int language plpgsql as
    $$ begin raise exception 'raised on purpose' using errcode = state; end $$;
  create table slowness (much int);
  create procedure half_done(who text) language plpgsql as
    $$ begin insert into effects values (who); commit; perform fail('40001'); end $$;
  create role limited login password 'limited';
  grant all on all tables in schema public to limited;
`;

export class Stage {
  readonly clock: VirtualClock;
  readonly server: Postgres;
  readonly proxy: FaultProxy;
  readonly pool: Pool;
  readonly db: ResilientPool;
  /** By which the server knows its connections and effects. */
  readonly name: string;
  readonly caller = new AbortController();
  readonly reason = new Error("the caller's reason");
  /** One of the others who gets into the way. */
  rival: Client | undefined = undefined;
  /** Others than the caller, straight to the server. */
  readonly #others: Client[] = [];
  #down = false;
  #gone: Promise<void> | undefined = undefined;
  #taken: PoolClient | undefined = undefined;
  readonly #crowd = new AbortController();

  private constructor(
    name: string,
    server: Postgres,
    proxy: FaultProxy,
    clock: VirtualClock,
    pool: PoolConfig,
  ) {
    this.name = name;
    this.server = server;
    this.proxy = proxy;
    this.clock = clock;
    this.pool = new Pool(
      server.config({
        port: proxy.port,
        application_name: name,
        max: 4,
        connectionTimeoutMillis: 60_000,
        ...pool,
      }),
    );
    this.db = resilientPool(this.pool);
  }

  /** A server for all rows: they leave it as it was. */
  static async server(): Promise<Postgres> {
    const server = await Postgres.start();
    const client = new Client(server.config());
    await client.connect();
    await client.query(SCHEMA);
    await client.end();
    return server;
  }

  static async set(name: string, server: Postgres, clock: VirtualClock, pool: PoolConfig): Promise<Stage> {
    const proxy = await FaultProxy.start({ port: server.port });
    return new Stage(name, server, proxy, clock, pool);
  }

  /** All is as it was before. */
  async strike(): Promise<void> {
    if (this.#down) await this.restart();
    await this.killBackends();
    await this.proxy.close();
    await Promise.all([this.pool.end(), this.leave()]);
  }

  /** Another client of the server, which no fault touches. */
  async other(config: PoolConfig = {}): Promise<Client> {
    const client = new Client(this.server.config({ application_name: 'other', ...config }));
    client.on('error', () => {});
    this.#others.push(client);
    await client.connect();
    return client;
  }

  /** The others go. */
  async leave(): Promise<void> {
    await Promise.all(this.#others.splice(0).map((client) => client.end()));
  }

  /** How many connections one of the roles may have. */
  async limit(connections: number): Promise<void> {
    await (await this.other()).query(`alter role limited connection limit ${connections}`);
  }

  /** Somebody else takes a client out of the pool. */
  async take(): Promise<void> {
    this.#taken = await this.pool.connect();
  }

  giveBack(): void {
    this.#taken!.release();
  }

  /** So many calls that do not end. */
  async crowd(size: number): Promise<void> {
    const { signal } = this.#crowd;
    for (let i = 0; i < size; i++) this.db.query('select pg_sleep(600)', [], { signal }).catch(() => {});
    await this.sees('pg_sleep');
  }

  async disperse(): Promise<void> {
    this.#crowd.abort();
    await this.until(() => this.pool.idleCount === this.pool.totalCount);
  }

  /** The time of the attempt is over, and then that of what was stopped. */
  async late(): Promise<void> {
    await this.clock.advance(10_000);
    await this.clock.advance(1_000);
  }

  /** The same, once the statement was written to a connection that leads nowhere. */
  async lateAfterSending(): Promise<void> {
    await this.until(() => this.pool.idleCount === 0);
    await flush();
    await this.late();
  }

  /** Ends every session of the row, as an operator would. */
  killBackends(): Promise<unknown> {
    return this.#toBackends('pg_terminate_backend');
  }

  /** Cancels what they do. */
  cancelBackends(): Promise<unknown> {
    return this.#toBackends('pg_cancel_backend');
  }

  async #toBackends(what: string): Promise<void> {
    const other = await this.other();
    await other.query(`select ${what}(pid) from pg_stat_activity where application_name = $1`, [this.name]);
  }

  /** From now on some statements take long. */
  async slowDown(): Promise<void> {
    await (await this.other()).query('insert into slowness values (1)');
  }

  /** They do no longer. */
  async hurry(): Promise<void> {
    await (await this.other()).query('delete from slowness');
  }

  /** What another session does is blocked. */
  async blocked(application: string): Promise<void> {
    const other = await this.other({ application_name: 'looks on' });
    await this.until(async () => {
      const { rows } = await other.query(
        "select from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'",
        [application],
      );
      return rows.length > 0;
    });
  }

  /** The rival commits as soon as it has what it waits for. */
  rivalEnds(waits: Promise<unknown>): void {
    void waits.then(() => this.rival!.query('commit'));
  }

  /** Kills the process of another session: the server ends all the others too, and starts anew by itself. */
  async crashOther(): Promise<void> {
    const other = await this.other();
    const { rows } = await other.query('select pg_backend_pid() as pid');
    const from = this.server.log.length;
    process.kill(rows[0].pid, 'SIGKILL');
    await this.until(() => this.server.log.slice(from).includes('ready to accept connections'));
  }

  /** A client whose statement is over does not go back to the pool, however long one waits for it. */
  async keepsClient(looks = 200): Promise<void> {
    for (let look = 0; look < looks; look++) {
      await flush();
      if (this.pool.idleCount > 0) throw new Error('A client went back too early');
    }
  }

  /** What the client has given up is still there in the server. */
  async unnoticed(): Promise<void> {
    const other = await this.other();
    await this.until(async () => {
      const { rows } = await other.query(
        "select from pg_stat_activity where application_name = $1 and state = 'active'",
        [this.name],
      );
      return rows.length === 1 && this.pool.totalCount === 0;
    });
  }

  async kill(): Promise<void> {
    this.#down = true;
    await this.server.kill();
  }

  /** Every session is told, and ended. */
  async shutDown(): Promise<void> {
    this.#down = true;
    await this.server.shutDown('SIGINT');
  }

  /** The server ends when the last session has; nobody can connect meanwhile. */
  async beginShutDown(): Promise<void> {
    this.#down = true;
    this.#gone = this.server.shutDown('SIGTERM');
    await this.until(() => this.server.log.includes('received smart shutdown request'));
  }

  async restart(): Promise<void> {
    if (this.#gone !== undefined) await this.leave();
    await this.#gone;
    this.#gone = undefined;
    this.#down = false;
    await this.server.restart();
  }

  /** A connection that waits in the pool for its next use. */
  async warm(): Promise<void> {
    await this.db.query('select 1');
  }

  /** The server has begun so many statements with these words. */
  sees(words: string, times = 1): Promise<void> {
    return this.until(() => this.server.saw(words, this.name) >= times);
  }

  /** What was written is there for others to see. */
  async written(): Promise<void> {
    const other = await this.other();
    await this.until(async () => (await this.countWith(other)) > 0);
  }

  async countWith(client: Client): Promise<number> {
    const { rows } = await client.query('select count(*)::int as n from effects where who = $1', [this.name]);
    return rows[0].n;
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await flush();
  }

  /** Nothing comes back from now on. */
  muteAnswers(): void {
    this.proxy.strike({ kind: 'stall', after: { response: 0 } });
  }

  /** Nothing gets there from now on. */
  muteRequests(): void {
    this.proxy.strike({ kind: 'stall', after: { request: 0 } });
  }

  reset(): void {
    this.proxy.strike({ kind: 'reset' });
  }

  /** What is open, once it comes to rest, or does not for so many looks. */
  async connections(expected: Connections, looks = 200): Promise<Connections> {
    if (this.#down) await this.restart();
    const other = await this.other();
    let now: Connections | undefined;
    for (let look = 0; look < looks; look++) {
      const { rows } = await other.query(
        'select count(*)::int as n from pg_stat_activity where application_name = $1',
        [this.name],
      );
      const { idleCount, totalCount } = this.pool;
      now = { kept: idleCount, unnoticed: rows[0].n - idleCount, leaked: totalCount - idleCount };
      if (
        now.kept === expected.kept &&
        now.unnoticed === expected.unnoticed &&
        now.leaked === expected.leaked
      )
        break;
      await flush();
    }
    return now!;
  }

  /** How often it has taken place, and what the server saw, once its log is complete. */
  async seen(words: string): Promise<{ seen: number; commits: number; tookPlace: number }> {
    const other = await this.other({ application_name: `end of ${this.name}` });
    const tookPlace = await this.countWith(other);
    await this.until(() => this.server.saw('count', `end of ${this.name}`) > 0);
    return {
      seen: this.server.saw(words, this.name),
      commits: this.server.saw('COMMIT', this.name),
      tookPlace,
    };
  }
}
