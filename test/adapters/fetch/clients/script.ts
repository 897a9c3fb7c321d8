/**
 * Scripts of requests that a client of HTTP sends twice: with plain `fetch`, and with `resilientFetch`. Nobody should see
 * a difference: not the client in what it is given, not the server in what it is sent.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resilientFetch } from '../../../../src/adapters/fetch/index.ts';
import {
  bulkhead,
  circuitBreaker,
  constant,
  type Pipeline,
  pipeline,
  type Retry,
  retry,
  timeout,
} from '../../../../src/index.ts';
import type { Act } from '../../../network/acts.ts';
import { HttpServer } from '../../../network/http-server.ts';
import type { Request } from '../../../network/inbox.ts';
import { namesOf, Recorder } from './record.ts';

export type Fetch = typeof globalThis.fetch;

/** Where a row is played. */
export interface Scene<Client> {
  readonly client: Client;
  readonly url: string;
  readonly server: HttpServer;
  /** Another origin. */
  readonly other: HttpServer;
  /** Resolves when the server works on a request. */
  arrived(): Promise<void>;
}

export interface Row<Client> {
  readonly name: string;
  /** What the server does; `nth` counts the requests of the row from 1. Default: it echoes. */
  readonly serve?: ((request: Request, nth: number) => Act) | undefined;
  /**
   * Default: `resilientFetch()` as it comes. Where that would try again by design:
   * - `once`: without its retry, to be compared as strictly;
   * - `again`: it tries again at once, and only what the client is given in the end is compared.
   */
  readonly through?: 'once' | 'again' | undefined;
  /** The class of the error with which it must end. Default: with none. */
  readonly throws?: RegExp | undefined;
  run(scene: Scene<Client>): unknown;
}

export interface Script<Client> {
  connect(fetch: Fetch, url: string): Client;
  readonly rows: readonly Row<Client>[];
}

/** The standard policies but for the retry, and `between` in its place. */
const standard = (...between: Retry[]) =>
  pipeline(
    'standard',
    timeout({ ms: 30_000 }),
    ...between,
    circuitBreaker(),
    timeout({ ms: 10_000 }),
    bulkhead(),
  ) as unknown as Pipeline;

const FETCHES = {
  plain: () => globalThis.fetch,
  default: () => resilientFetch(),
  once: () => resilientFetch({ pipeline: standard() }),
  again: () => resilientFetch({ pipeline: standard(retry({ backoff: constant(0), budget: false })) }),
} as const satisfies Record<string, () => Fetch>;

type Which = keyof typeof FETCHES;

/** A server, and the client once for each fetch. */
class Stage<Client> {
  readonly #server: HttpServer;
  readonly #other: HttpServer;
  readonly #recorder: Recorder;
  readonly #client: (which: Which) => Client;

  private constructor(server: HttpServer, other: HttpServer, { connect }: Script<Client>) {
    this.#server = server;
    this.#other = other;
    this.#recorder = new Recorder(namesOf({ server: server.port, other: other.port }));
    const clients = new Map<Which, Client>();
    this.#client = (which) => {
      const client = clients.get(which) ?? connect(FETCHES[which](), server.url);
      // One for all rows. The others see nothing but failures, and have a breaker.
      if (which === 'plain' || which === 'default') clients.set(which, client);
      return client;
    };
  }

  static async open<Client>(script: Script<Client>): Promise<Stage<Client>> {
    return new Stage(await HttpServer.start(), await HttpServer.start(), script);
  }

  async play({ run, serve }: Row<Client>, which: Which): Promise<{ result: unknown; seen: unknown }> {
    const [server, other, recorder] = [this.#server, this.#other, this.#recorder];
    for (const each of [server, other]) {
      each.requests = [];
      each.script = (request) =>
        serve?.(request, each.requests.length) ?? [{ kind: 'read' }, { kind: 'echo' }];
    }
    const arrived = (): Promise<void> => server.until(() => server.running > 0);
    const scene = { client: this.#client(which), url: server.url, server, other, arrived };
    let result: unknown;
    try {
      result = { returned: await recorder.value(await run(scene)) };
    } catch (error) {
      result = { threw: await recorder.error(error as object) };
    }
    for (const each of [server, other]) await each.until(() => each.running === 0);
    const seen = [...server.requests, ...other.requests].map((request) => recorder.request(request));
    return { result, seen };
  }

  async close(): Promise<void> {
    await Promise.all([this.#server.close(), this.#other.close()]);
  }
}

/** Declares a test for each row. They are played in order, on connections that are kept. */
export function comparePlays<Client>(script: Script<Client>): void {
  let stages: readonly Stage<Client>[];
  beforeAll(async () => {
    stages = await Promise.all([Stage.open(script), Stage.open(script)]);
  });
  afterAll(() => Promise.all(stages.map((stage) => stage.close())));

  test.each(script.rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const { through = 'default', throws } = row;
    const [plain, resilient] = [await stages[0]!.play(row, 'plain'), await stages[1]!.play(row, through)];
    if (through === 'again') expect(resilient.result).toEqual(plain.result);
    else expect(resilient).toEqual(plain);
    // A row that fails for a reason of its own would compare nothing.
    if (throws === undefined) expect(plain.result).toHaveProperty('returned');
    else expect(plain.result).toMatchObject({ threw: { constructor: expect.stringMatching(throws) } });
  });
}
