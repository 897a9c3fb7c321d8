/**
 * A proxy on loopback that makes real connections fail, whatever is spoken on them: it stands between a client and a
 * port, and does to the bytes what its faults say.
 *
 *     const proxy = await FaultProxy.start({ port: server.port });
 *     proxy.use({ kind: 'reset', after: { response: 20 } });
 *     await fetch(proxy.url); // TypeError: fetch failed, cause ECONNRESET
 *     proxy.use(); // all is well again, also for the connections that are open
 *     await proxy.close();
 */
import type { Socket } from 'node:net';
import { type Clock, type Random, systemClock } from '../../src/core/clock.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { Connection } from './connection.ts';
import type { Direction, Fault } from './faults.ts';
import type { Host } from './lane.ts';
import { Listener } from './listener.ts';

export interface FaultProxyOptions {
  /** Where the connections lead, on 127.0.0.1. */
  readonly port: number;
  /** Keeps the time of delays and of throttling. Default: the system's. */
  readonly clock?: Clock;
  /** The chance of jitter starts there. Default: 1. */
  readonly seed?: number;
}

export class FaultProxy {
  /** The faults of each new connection, which are counted from 1. */
  plan: (nth: number) => readonly Fault[] = () => [];
  /** Bytes that were passed on. */
  readonly bytes: Record<Direction, number> = { request: 0, response: 0 };
  readonly #target: number;
  readonly #host: Host;
  readonly #connections = new Set<Connection>();
  #listener!: Listener;

  private constructor({ port, clock = systemClock, seed = 1 }: FaultProxyOptions) {
    this.#target = port;
    const random: Random = new VirtualClock({ seed }).random;
    const passed = (direction: Direction, bytes: number): void => {
      this.bytes[direction] += bytes;
      this.#listener.changed();
    };
    this.#host = { clock, random, passed, changed: () => this.#listener.changed() };
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#listener = await Listener.start((client, nth) => proxy.#accept(client, nth));
    return proxy;
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections of which a side is open. */
  get open(): number {
    return this.#connections.size;
  }

  /** Connections accepted so far. */
  get total(): number {
    return this.#listener.total;
  }

  /** Bytes that wait in the proxy. */
  get held(): number {
    let held = 0;
    for (const connection of this.#connections) held += connection.held;
    return held;
  }

  /** These faults from now on, for the connections that are open and for all that come; none: all is well. */
  use(...faults: Fault[]): void {
    this.plan = () => faults;
    this.strike(...faults);
  }

  /** These faults for the connections that are open now, and for no others. */
  strike(...faults: Fault[]): void {
    for (const connection of this.#connections) connection.use(faults);
  }

  /** Closes the port: who connects is refused, until `listen`. Connections that are open go on. */
  refuse(): void {
    this.#listener.refuse();
  }

  /** Listens again after `refuse`, on the same port. */
  listen(): Promise<void> {
    return this.#listener.listen();
  }

  /** Resolves once something is so, which is looked at after each change: bytes held, a connection made or closed. */
  until(isSo: () => boolean): Promise<void> {
    return this.#listener.until(isSo);
  }

  /** Closes everything, and resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await this.#listener.close();
    await this.until(() => this.open === 0);
  }

  #accept(client: Socket, nth: number): void {
    const connection = new Connection(client, this.#host, () => {
      this.#connections.delete(connection);
      this.#listener.changed();
    });
    this.#connections.add(connection);
    connection.use(this.plan(nth));
    connection.dial(this.#target);
  }
}
