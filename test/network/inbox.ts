/** What comes in on a socket, and HTTP requests out of it: as plain as it can be, so that nothing is mended. */
import type { Socket } from 'node:net';

/** What the server saw of a request. */
export interface Request {
  /** Its number among those for its path, from 1. */
  readonly nth: number;
  /** The number of its connection, from 1. */
  readonly connection: number;
  readonly method: string;
  readonly path: string;
  /** The names in lower case; where one comes twice the last value stands. */
  readonly headers: Record<string, string>;
  /** As much of the body as was read. */
  body: Buffer;
  /** Whether all of it was read. */
  complete: boolean;
  /** Whether the client went away before the server had done with it. */
  deserted: boolean;
}

/** Bytes that wait to be read; above a megabyte the sender has to wait. */
export class Inbox {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      if (this.#bytes.length > 1024 * 1024) socket.pause();
      this.#wake();
    });
    socket.on('end', () => this.#wake()).on('close', () => this.#wake());
  }

  /** All up to the mark, and the mark; nothing if the end comes first. */
  async upTo(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length).toString('latin1');
      if (!(await this.#more())) return undefined;
    }
  }

  /** So many bytes, or fewer if the end comes first. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = this.#take(Math.min(left, this.#bytes.length));
      parts.push(part);
      left -= part.length;
      if (left > 0 && !(await this.#more())) break;
    }
    return Buffer.concat(parts);
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Whether there is more than there was. */
  async #more(): Promise<boolean> {
    const had = this.#bytes.length;
    this.#socket.resume();
    if (!this.#socket.readableEnded && !this.#socket.destroyed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#bytes.length > had;
  }
}

/** The next request without its body; nothing if the connection ends first. */
export async function readHead(
  inbox: Inbox,
): Promise<Pick<Request, 'method' | 'path' | 'headers'> | undefined> {
  const head = await inbox.upTo('\r\n\r\n');
  if (head === undefined) return undefined;
  const [first = '', ...lines] = head.trimEnd().split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, path, headers };
}

/** Reads the rest of a request, unless that is done. */
export async function readBody(inbox: Inbox, request: Request): Promise<void> {
  if (request.complete) return;
  const add = async (count: number): Promise<boolean> => {
    const part = await inbox.take(count);
    request.body = Buffer.concat([request.body, part]);
    return part.length === count;
  };
  if (request.headers['transfer-encoding'] !== 'chunked') {
    request.complete = await add(Number(request.headers['content-length'] ?? 0) - request.body.length);
    return;
  }
  for (;;) {
    const size = Number.parseInt((await inbox.upTo('\r\n')) ?? '', 16);
    const whole = size >= 0 && (await add(size));
    if (!whole || (await inbox.upTo('\r\n')) === undefined) return;
    if (size === 0) break;
  }
  request.complete = true;
}
