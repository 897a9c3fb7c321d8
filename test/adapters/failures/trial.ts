/**
 * Tries one failure through one client: real sockets, a real server, the standard pipeline, and a clock that is moved by
 * hand, so that 30 seconds take no longer than what happens in them.
 */
import { standardPipeline } from '../../../src/adapters/http/standard.ts';
import type { Pipeline, PipelineEventsOf, Retry } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { reply } from '../../network/acts.ts';
import { flush } from '../../support/jobs.ts';
import type { Client } from './clients.ts';
import { readOutcome } from './outcome.ts';
import type { Asked, Measured, Moment, Outcome, Row } from './row.ts';
import { patiently, Stage } from './stage.ts';

/** Real time after which what has not come to rest is taken as it is: only something that is wrong takes so long. */
const PATIENCE_MS = 10_000;

export class Trial {
  readonly #row: Row;
  readonly #client: Client;
  readonly #stage: Stage;
  readonly #clock: VirtualClock;
  readonly #patienceMs: number;
  readonly #pipeline = standardPipeline('api');
  readonly #reason = new Error("the caller's reason");
  readonly #caller = new AbortController();
  /** How often each moment has come. */
  #came: Record<Moment, number> = { sent: 0, read: 0, answered: 0, waiting: 0 };
  /** What a retry waits for. */
  #sleepMs: number | undefined;
  #attempts = 0;

  private constructor(row: Row, client: Client, stage: Stage, clock: VirtualClock, patienceMs: number) {
    this.#row = row;
    this.#client = client;
    this.#stage = stage;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  static async run(row: Row, client: Client, patienceMs = PATIENCE_MS): Promise<Measured> {
    const stage = await Stage.set(row);
    // The default clock, also of the standard pipeline.
    const clock = VirtualClock.install();
    try {
      return await new Trial(row, client, stage, clock, patienceMs).#measure();
    } finally {
      clock.uninstall();
      await stage.strike();
    }
  }

  async #measure(): Promise<Measured> {
    const { acts = [], before, asked = {}, aborted, expected } = this.#row;
    const { server } = this.#stage;
    this.#listen();
    if (before) await this.#before(before);
    const earlier = server.total;
    server.script = () => acts[Math.min(server.total - earlier, acts.length) - 1] ?? reply({ body: 'ok' });
    this.#came = { sent: 0, read: 0, answered: 0, waiting: 0 };
    this.#attempts = 0;
    if (aborted) this.#caller.abort(this.#reason);
    const startMs = this.#clock.now();
    let endMs: number | undefined;
    const call = this.#call(asked).finally(() => {
      endMs = this.#clock.now();
    });
    await this.#play(earlier, () => endMs !== undefined);
    const outcome = await call;
    const sockets = await this.#stage.atRest(
      expected[this.#client.name].sockets.connecting,
      this.#patienceMs,
    );
    const seconds = Math.floor((endMs! - startMs) / 1_000);
    return { outcome, attempts: this.#attempts, seen: server.total - earlier, sockets, seconds };
  }

  #listen(): void {
    const pipeline = this.#pipeline as unknown as Pipeline<never, PipelineEventsOf<[Retry]>>;
    pipeline.on('retry', ({ delayMs }) => {
      this.#came.waiting++;
      this.#sleepMs = delayMs;
    });
    pipeline.on('call', ({ attempts }) => {
      this.#attempts = attempts.length;
    });
  }

  async #before({ calls, asked = {}, act, then }: NonNullable<Row['before']>): Promise<void> {
    this.#stage.server.script = () => act;
    for (let i = 0; i < calls; i++) {
      await this.#call(asked);
      await this.#stage.atRest(0, PATIENCE_MS);
    }
    if (then) await this.#stage.breakIdle(then, PATIENCE_MS);
  }

  #call(asked: Asked): Promise<Outcome> {
    const { url, agent } = this.#stage;
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      this.#came.sent++;
      return dispatch(options, handler);
    });
    const sent = { ...asked, url, signal: this.#caller.signal, dispatcher, pipeline: this.#pipeline };
    const answer = this.#client.send(sent).then((got) => {
      this.#came.answered++;
      return got;
    });
    return readOutcome(answer, this.#reason);
  }

  /** Moves the time, and the caller, until the call is over. */
  async #play(earlier: number, isOver: () => boolean): Promise<void> {
    const moves = [...(this.#row.moves ?? [])];
    const { tick = 0 } = this.#row;
    const { server, clock } = this.#stage;
    const until = performance.now() + PATIENCE_MS;
    while (!isOver()) {
      if (performance.now() > until) throw new Error(`It hangs; came: ${JSON.stringify(this.#came)}`);
      this.#came.read = server.total - earlier;
      const [move] = moves;
      if (move !== undefined && this.#came[move.at] >= move.nth) {
        moves.shift();
        if ('abort' in move) this.#caller.abort(this.#reason);
        else await this.#clock.advance(move.advance);
      } else if (this.#sleepMs !== undefined) {
        const ms = this.#sleepMs;
        this.#sleepMs = undefined;
        // So long as a retry really waits, an answer has long been read, if it is not too long.
        await patiently(() => this.#stage.quiet, 50);
        await flush();
        await this.#clock.advance(ms);
      } else if (tick > 0 && clock.pendingTimers > 0) {
        await this.#clock.advance(tick);
        await clock.advance(tick);
      } else await flush();
    }
  }
}
