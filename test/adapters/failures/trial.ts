/**
 * Tries one failure through one client: real sockets, a real server, the standard pipeline, and a clock that is moved by
 * hand, so that 30 seconds take no longer than what happens in them.
 */
import { Agent, Pool } from 'undici';
import { standardPipeline } from '../../../src/adapters/http/standard.ts';
import type { Pipeline, PipelineEventsOf, Retry } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { reply } from '../../network/acts.ts';
import { failingLookup, unknownHost } from '../../network/dns.ts';
import { HttpServer } from '../../network/http-server.ts';
import { FaultProxy } from '../../network/proxy.ts';
import { authority } from '../../network/tls.ts';
import { flush } from '../../support/jobs.ts';
import type { Client } from './clients.ts';
import { readOutcome } from './outcome.ts';
import type { Asked, Measured, Moment, Row, Sockets } from './row.ts';

/** Real time after which what has not come to rest is taken as it is: only something that is wrong takes so long. */
const PATIENCE_MS = 3_000;

/**
 * Turns of the event loop for which nothing may be going on: undici frees a connection, or closes it if its pool is no
 * longer wanted, a few turns after the last request on it has ended.
 */
const CALM_TURNS = 8;

export class Trial {
  readonly #patienceMs: number;
  readonly #row: Row;
  readonly #client: Client;
  readonly #clock = VirtualClock.install();
  /** The server's: it waits for nobody's deadline. */
  readonly #serverClock = new VirtualClock();
  readonly #pipeline = standardPipeline('api');
  readonly #reason = new Error("the caller's reason");
  readonly #caller = new AbortController();
  readonly #came: Record<Moment, number> = { sent: 0, read: 0, answered: 0, waiting: 0 };
  #server!: HttpServer;
  #proxy: FaultProxy | undefined;
  #agent!: Agent;
  /** All that the agent ever made, also those that it has forgotten: it does so when a connection is lost. */
  readonly #pools: Pool[] = [];
  #disconnects = 0;
  #sleep: number | undefined;
  #attempts = 0;

  private constructor(row: Row, client: Client, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#row = row;
    this.#client = client;
  }

  static async run(row: Row, client: Client, patienceMs = PATIENCE_MS): Promise<Measured> {
    const trial = new Trial(row, client, patienceMs);
    try {
      await trial.#setUp();
      return await trial.#measure();
    } finally {
      await trial.#tearDown();
    }
  }

  async #setUp(): Promise<void> {
    const { tls, faults, greets, before, unreachable } = this.#row;
    this.#server = await HttpServer.start({ clock: this.#serverClock, ...(tls && { tls }) });
    if (greets) this.#server.greet = () => greets;
    if (faults || before?.then) {
      this.#proxy = await FaultProxy.start({ port: this.#server.port, clock: this.#serverClock });
      this.#proxy.plan = () => faults ?? [];
    }
    if (unreachable === 'refused') await this.#server.close();
    this.#agent = new Agent({
      keepAliveTimeout: 600_000,
      factory: (origin, options) => {
        const pool = new Pool(origin, options);
        this.#pools.push(pool.on('disconnect', () => void this.#disconnects++));
        return pool;
      },
      connect: {
        ca: authority,
        ...(unreachable?.startsWith('E') && { lookup: failingLookup(unreachable as 'ENOTFOUND') }),
      },
    });
  }

  async #tearDown(): Promise<void> {
    this.#clock.uninstall();
    await this.#proxy?.close();
    await this.#server.close();
    await this.#agent.destroy();
  }

  async #measure(): Promise<Measured> {
    const { acts = [], before, asked = {}, aborted } = this.#row;
    const unheard = this.#listen();
    if (before) await this.#before(before);
    const requests = this.#server.total;
    this.#server.script = () =>
      acts[Math.min(this.#server.total - requests, acts.length) - 1] ?? reply({ body: 'ok' });
    Object.assign(this.#came, { sent: 0, read: 0, answered: 0, waiting: 0 });
    this.#attempts = 0;
    if (aborted) this.#caller.abort(this.#reason);
    const startMs = this.#clock.now();
    const call = this.#call(asked);
    const ended = call.then((outcome) => ({ outcome, ms: this.#clock.now() - startMs }));
    let over = false;
    void ended.finally(() => {
      over = true;
    });
    await this.#play(requests, () => over);
    const { outcome, ms } = await ended;
    const sockets = await this.#atRest();
    unheard();
    const seen = this.#server.total - requests;
    return { outcome, attempts: this.#attempts, seen, sockets, seconds: Math.floor(ms / 1_000) };
  }

  #listen(): () => void {
    const onRetry = ({ delayMs }: { delayMs: number }): void => {
      this.#came.waiting++;
      this.#sleep = delayMs;
    };
    const onCall = ({ attempts }: { attempts: readonly unknown[] }): void => {
      this.#attempts = attempts.length;
    };
    const pipeline = this.#pipeline as unknown as Pipeline<never, PipelineEventsOf<[Retry]>>;
    pipeline.on('retry', onRetry).on('call', onCall);
    return () => void pipeline.off('retry', onRetry).off('call', onCall);
  }

  async #before({ calls, asked = {}, act, then }: NonNullable<Row['before']>): Promise<void> {
    this.#server.script = () => act;
    for (let i = 0; i < calls; i++) {
      await this.#call(asked);
      await this.#atRest();
    }
    if (then === 'restart') {
      await this.#server.restart();
      await this.#patiently(() => this.#disconnects > 0);
    } else if (then) this.#proxy?.strike(then);
  }

  #call(asked: Asked): ReturnType<typeof readOutcome> {
    const dispatcher = this.#agent.compose((dispatch) => (options, handler) => {
      this.#came.sent++;
      return dispatch(options, handler);
    });
    const sent = {
      ...asked,
      url: this.#url,
      signal: this.#caller.signal,
      dispatcher,
      pipeline: this.#pipeline,
    };
    const answer = this.#client.send(sent).then((got) => {
      this.#came.answered++;
      return got;
    });
    return readOutcome(answer, this.#reason);
  }

  /** Moves the time, and the caller, until the call is over. */
  async #play(requests: number, isOver: () => boolean): Promise<void> {
    const moves = [...(this.#row.moves ?? [])];
    const { tick } = this.#row;
    while (!isOver()) {
      this.#came.read = this.#server.total - requests;
      const [move] = moves;
      if (move !== undefined && this.#came[move.at] >= move.nth) {
        moves.shift();
        if ('abort' in move) this.#caller.abort(this.#reason);
        else await this.#clock.advance(move.advance);
      } else if (this.#sleep !== undefined) {
        const ms = this.#sleep;
        this.#sleep = undefined;
        // So long as a retry really waits, an answer has long been read.
        await this.#patiently(() => this.#stats.size === 0, 50);
        await flush();
        await this.#clock.advance(ms);
      } else if (tick !== undefined && this.#serverClock.pendingTimers > 0) {
        await this.#clock.advance(tick);
        await this.#serverClock.advance(tick);
      } else await flush();
    }
  }

  get #url(): string {
    const { unreachable, tls } = this.#row;
    if (unreachable?.startsWith('E')) return `http://${unknownHost}/`;
    const port = this.#proxy?.port ?? this.#server.port;
    return `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`;
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
    return this.#proxy?.open ?? this.#server.sockets.open;
  }

  /** The sockets once client and server agree that nothing is going on. */
  async #atRest(): Promise<Sockets> {
    // Those that are being connected, and will not be, are all that may be going on.
    const stuck = this.#row.expected.sockets.connecting;
    let calm = 0;
    await this.#patiently(() => {
      const { connected, size } = this.#stats;
      calm = size === stuck && this.#open === connected + stuck ? calm + 1 : 0;
      return calm === CALM_TURNS;
    });
    const { connected, running, size } = this.#stats;
    const kept = connected - running;
    const connecting = Math.min(size - running, this.#open - connected);
    return { kept, connecting, leaked: this.#open - kept - connecting };
  }

  async #patiently(isSo: () => unknown, patienceMs = this.#patienceMs): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!isSo() && performance.now() < until) await flush();
  }
}
