/** A real server on loopback that does as the test says, and counts what reaches it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does with a request. */
export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  /** How long it takes; `Infinity` for ever. Default: 0. */
  readonly afterMs?: number;
}

export class Loopback {
  /** The path of each request, in the order of arrival. */
  readonly seen: string[] = [];
  /** Requests that it works on: also those whose caller has gone. */
  running = 0;
  /** The most at once. */
  most = 0;
  /** Requests whose caller went away before the answer. */
  deserted = 0;
  /** What it does; `nth` counts the requests from 1. */
  answer: (path: string, nth: number) => Answer = () => ({});
  readonly #server: Server;
  #held: (() => void)[] | undefined = undefined;

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async start(): Promise<Loopback> {
    const loopback = new Loopback();
    await new Promise<void>((resolve) => void loopback.#server.listen(0, '127.0.0.1', resolve));
    return loopback;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on requests wait for `letGo`. */
  hold(): void {
    this.#held = [];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.seen.push(path);
    this.most = Math.max(this.most, ++this.running);
    const { status = 200, afterMs = 0 } = this.answer(path, this.seen.length);
    response.on('close', () => {
      if (!response.writableEnded) this.deserted++;
    });
    const end = (): void => {
      this.running--;
      response.writeHead(status).end(path);
    };
    if (this.#held !== undefined) this.#held.push(end);
    else if (afterMs === 0) end();
    else if (afterMs !== Infinity) setTimeout(end, afterMs);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }
}

/** Fetches a path, and throws unless the answer is good. */
export async function get(url: string, signal?: AbortSignal): Promise<string> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return text;
}

/** Waits until something is so: on a real server things happen when they happen. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setTimeout(resolve, 2));
}
