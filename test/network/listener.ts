/**
 * A port on loopback and the sockets that came through it: what the fault proxy and the servers have in common. A test
 * that asks what is left, or waits for it, asks here; it is told of each change, so that it need not sleep.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

// In node, a reset fails while a FIN is on its way out, and the socket is then never closed.

/** Resets a socket; one that is just being closed in good order as soon as that is done. */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}

/** Closes a socket at once, also one that is being reset and waits for its last bytes to go. */
export function destroy(socket: Socket): void {
  (socket as { resetAndClosing?: boolean }).resetAndClosing = false;
  socket.destroy();
}

export class Listener {
  /** Sockets accepted so far. */
  total = 0;
  /** Sockets that the other end closed or reset before we did. */
  closedByPeer = 0;
  /** The port; it stays the same when the listener stops listening and begins again. */
  port = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];

  private constructor(onSocket: (socket: Socket, nth: number) => void) {
    // Half-open, so that the peer's closing is ours to answer; no delay, so that small pieces travel as they are sent.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.changed();
      });
      onSocket(socket, ++this.total);
      this.changed();
    });
  }

  /** Listens on a free port; `nth` counts the sockets from 1. */
  static async start(onSocket: (socket: Socket, nth: number) => void): Promise<Listener> {
    const listener = new Listener(onSocket);
    await listener.listen();
    return listener;
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Listens again, on the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Listens no more: whoever connects is refused. Sockets that are open stay open. */
  refuse(): void {
    this.#server.close();
  }

  /** Closes the port and every socket, as the end of a process would; resolves when nothing is left. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) destroy(socket);
    await closed;
    await this.until(() => this.open === 0);
  }

  /** Counts a socket whose other end goes before ours; `socket` is what the bytes are read from. */
  watchPeer(socket: Socket): void {
    const gone = (): void => {
      if (!socket.writableEnded) this.closedByPeer++;
      socket.off('end', gone).off('error', gone);
    };
    socket.on('end', gone).on('error', gone);
  }

  /** Says that something has changed that somebody may wait for. */
  changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  /** Resolves once something is so; it looks again after each change. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }
}
