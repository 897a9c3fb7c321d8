/**
 * An HTTP/1.1 server on loopback that misbehaves on script, which node:http would not, and remembers what it saw.
 *
 *     const server = await HttpServer.start();
 *     server.script = ({ path, nth }) => (nth === 1 ? breakAt('headers', { kind: 'reset' }) : reply({ body: path }));
 *     await fetch(`${server.url}/a`); // TypeError: fetch failed, cause ECONNRESET
 *     server.requests; // [{ method: 'GET', path: '/a', nth: 1, … }]
 *     await server.close();
 */
import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Act, reply } from './acts.ts';
import { type Request, readBody, readHead } from './inbox.ts';
import { Line, type Stage } from './line.ts';
import { Listener } from './listener.ts';
import { secure, type Tls } from './tls.ts';

export interface HttpServerOptions {
  /** Keeps the time of `wait` and `drip`. Default: the system's. */
  readonly clock?: Clock;
  /** Makes it a server of HTTPS. Default: none. */
  readonly tls?: Tls;
}

export class HttpServer {
  /** What it does with a request, asked when the headers are there. Default: an empty 200. */
  script: (request: Request) => Act = () => reply();
  /** What it does with a new connection before it reads anything; `nth` counts them from 1. Default: nothing. */
  greet: (nth: number) => Act = () => [];
  /** What it does on a new connection for TLS. */
  tls: Tls | undefined;
  /** The requests whose headers came, in that order; empty it at will. */
  requests: Request[] = [];
  /** Requests so far. */
  total = 0;
  /** Requests that it works on now. */
  running = 0;
  /** Requests whose client went away before it had done with them. */
  deserted = 0;
  readonly #stage: Stage;
  readonly #counts = new Map<string, number>();
  #listener!: Listener;
  #held: (() => void)[] = [];

  private constructor({ clock = systemClock, tls }: HttpServerOptions) {
    this.#stage = {
      clock,
      hold: (go) => void this.#held.push(go),
      changed: () => this.#listener.changed(),
    };
    this.tls = tls;
  }

  static async start(options: HttpServerOptions = {}): Promise<HttpServer> {
    const server = new HttpServer(options);
    server.#listener = await Listener.start((raw, nth) =>
      secure(raw, server.tls, (socket) => void server.#serve(socket, raw, nth)),
    );
    return server;
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Sockets: open now, accepted so far, and closed by the client first. */
  get sockets(): { readonly open: number; readonly total: number; readonly closedByClient: number } {
    const { open, total, closedByPeer } = this.#listener;
    return { open, total, closedByClient: closedByPeer };
  }

  /** Lets the requests go that a `hold` holds now. */
  letGo(): void {
    for (const go of this.#held.splice(0)) go();
  }

  /** Resolves once something is so, which is looked at after each change. */
  until(isSo: () => boolean): Promise<void> {
    return this.#listener.until(isSo);
  }

  /** Resolves when no socket is open. */
  idle(): Promise<void> {
    return this.until(() => this.sockets.open === 0);
  }

  /** Closes its port and every socket, as the end of its process would. */
  close(): Promise<void> {
    return this.#listener.close();
  }

  /** Closes, and listens again on the same port. */
  async restart(): Promise<void> {
    await this.close();
    await this.#listener.listen();
  }

  async #serve(socket: Socket, raw: Socket, nth: number): Promise<void> {
    this.#listener.watchPeer(socket);
    const line = new Line(socket, raw, this.#stage);
    await line.perform(this.greet(nth));
    for (;;) {
      const head = await readHead(line.inbox);
      if (head === undefined) return;
      await this.#answer(line, { ...head, connection: nth });
    }
  }

  async #answer(
    line: Line,
    head: Pick<Request, 'method' | 'path' | 'headers' | 'connection'>,
  ): Promise<void> {
    const nth = (this.#counts.get(head.path) ?? 0) + 1;
    this.#counts.set(head.path, nth);
    const request: Request = { ...head, nth, body: Buffer.alloc(0), complete: false, deserted: false };
    this.requests.push(request);
    this.total++;
    this.running++;
    this.#listener.changed();
    request.deserted = !(await line.perform(this.script(request), request));
    if (request.deserted) this.deserted++;
    this.running--;
    this.#listener.changed();
    // What the act left of the request is not the next one.
    await readBody(line.inbox, request);
  }
}
