/** What happens to connections by chance, on the way to a server that is killed now and then. */
import type { Fault } from '../network/faults.ts';
import type { FaultProxy } from '../network/proxy.ts';
import type { Chance } from '../soak/outbound/chance.ts';
import type { Postgres } from './postgres.ts';

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** How long the server is away, in milliseconds. */
const AWAY_MS = 150;

export class Storm {
  kills = 0;
  /** Connections that broke by chance. */
  breaks = 0;
  readonly #server: Postgres;
  readonly #proxy: FaultProxy;
  readonly #chance: Chance;
  #away: Promise<void> = Promise.resolve();

  /** `bytes`: how many a connection passes on, on the average, before something happens to it. */
  constructor(server: Postgres, proxy: FaultProxy, chance: Chance, bytes: number) {
    this.#server = server;
    this.#proxy = proxy;
    this.#chance = chance;
    proxy.plan = () => this.#fate(bytes);
  }

  /** Kills the server and starts it again, in the background; one time after another. */
  strike(): void {
    this.kills++;
    this.#away = this.#away.then(async () => {
      await this.#server.kill();
      await after(AWAY_MS);
      await this.#server.restart();
    });
  }

  /** All is well again, and stays so. */
  async calm(): Promise<void> {
    this.#proxy.use();
    await this.#away;
  }

  /** What a new connection will come to: each way, at any byte, and in either order of request and answer. */
  #fate(bytes: number): readonly Fault[] {
    this.breaks++;
    const at = 600 + this.#chance.below(2 * bytes); // most have said hello by then
    const after = this.#chance.below(2) === 0 ? { request: at } : { response: at };
    const kind = this.#chance.of({ reset: 10, cut: 9, stall: 1 });
    return [{ kind, after }];
  }
}
