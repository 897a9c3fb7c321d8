/** What stands between a client and its failure: a server, perhaps a proxy before it, and the client's pool. */
import { Agent, Pool } from 'undici';
import { VirtualClock } from '../../../src/testing/index.ts';
import { failingLookup, unknownHost } from '../../network/dns.ts';
import type { Fault } from '../../network/faults.ts';
import { HttpServer } from '../../network/http-server.ts';
import { FaultProxy } from '../../network/proxy.ts';
import { authority } from '../../network/tls.ts';
import { flush } from '../../support/jobs.ts';
import type { Row, Sockets } from './row.ts';

/**
 * Turns of the event loop for which nothing may be going on: undici frees a connection, or closes it if its pool is no
 * longer wanted, a few turns after the last request on it has ended.
 */
const CALM_TURNS = 8;

/** Resolves once something is so, or when that has taken so much real time that it will not be. */
export async function patiently(isSo: () => unknown, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!isSo() && performance.now() < until) await flush();
}

export class Stage {
  /** The server's: it waits for nobody's deadline. */
  readonly clock: VirtualClock;
  readonly agent: Agent;
  readonly server: HttpServer;
  readonly #row: Row;
  readonly #proxy: FaultProxy | undefined;
  /** All that the agent ever made, also those that it has forgotten: it does so when a connection is lost. */
  readonly #pools: Pool[] = [];
  #disconnects = 0;

  private constructor(row: Row, server: HttpServer, proxy: FaultProxy | undefined, clock: VirtualClock) {
    this.#row = row;
    this.server = server;
    this.#proxy = proxy;
    this.clock = clock;
    const { unreachable } = row;
    const unknown = unreachable !== undefined && unreachable !== 'refused';
    this.agent = new Agent({
      keepAliveTimeout: 600_000,
      factory: (origin, options) => {
        const pool = new Pool(origin, options);
        this.#pools.push(pool.on('disconnect', () => void this.#disconnects++));
        return pool;
      },
      connect: { ca: authority, ...(unknown && { lookup: failingLookup(unreachable) }) },
    });
  }

  static async set(row: Row): Promise<Stage> {
    const { tls, faults, greets, before, unreachable } = row;
    const clock = new VirtualClock();
    const server = await HttpServer.start({ clock, ...(tls && { tls }) });
    if (greets) server.greet = () => greets;
    const between = faults !== undefined || before?.then !== undefined;
    const proxy = between ? await FaultProxy.start({ port: server.port, clock }) : undefined;
    if (proxy) proxy.plan = () => faults ?? [];
    if (unreachable === 'refused') await server.close();
    return new Stage(row, server, proxy, clock);
  }

  async strike(): Promise<void> {
    await this.#proxy?.close();
    await this.server.close();
    await this.agent.destroy();
  }

  get url(): string {
    const { unreachable, tls } = this.#row;
    if (unreachable !== undefined && unreachable !== 'refused') return `http://${unknownHost}/`;
    return `${tls ? 'https' : 'http'}://127.0.0.1:${this.#proxy?.port ?? this.server.port}/`;
  }

  /** Does something to the connection that the client keeps. */
  async breakIdle(what: 'restart' | Fault, patienceMs: number): Promise<void> {
    if (what !== 'restart') return this.#proxy?.strike(what);
    await this.server.restart();
    await patiently(() => this.#disconnects > 0, patienceMs);
  }

  /** Whether the client has no request that is not done. */
  get quiet(): boolean {
    return this.#stats.size === 0;
  }

  /**
   * The sockets once client and server agree that nothing is going on, or do not for too long. So many that are being
   * connected, and never will be, may be there.
   */
  async atRest(stuck: number, patienceMs: number): Promise<Sockets> {
    let calm = 0;
    await patiently(() => {
      const { connected, size } = this.#stats;
      calm = size === stuck && this.#open === connected + stuck ? calm + 1 : 0;
      return calm === CALM_TURNS;
    }, patienceMs);
    const { connected, running, size } = this.#stats;
    const kept = connected - running;
    const connecting = Math.min(size - running, this.#open - connected);
    return { kept, connecting, leaked: this.#open - kept - connecting };
  }

  /** What the client thinks: how many connections it has, how many are in use, and how many requests are not done. */
  get #stats(): { connected: number; running: number; size: number } {
    const sum = { connected: 0, running: 0, size: 0 };
    for (const { stats } of this.#pools) {
      sum.connected += stats.connected;
      sum.running += stats.running;
      sum.size += stats.size;
    }
    return sum;
  }

  get #open(): number {
    return this.#proxy?.open ?? this.server.sockets.open;
  }
}
