/** One connection through the fault proxy: a client, the target, a lane each way, and how both come to their end. */
import { Socket } from 'node:net';
import type { Break, Fault } from './faults.ts';
import { type Host, Lane } from './lane.ts';
import { destroy, reset } from './listener.ts';

export class Connection {
  readonly #client: Socket;
  readonly #target = new Socket({ allowHalfOpen: true });
  readonly #lanes: readonly Lane[];
  #broken = false;
  #sides = 2;

  /** `closed` is called when neither side is open any more. */
  constructor(client: Socket, host: Host, closed: () => void) {
    this.#client = client;
    const strike = (fault: Break, lane: Lane): void => this.#strike(fault, lane);
    const target = this.#target;
    this.#lanes = [
      new Lane({ from: client, to: target, direction: 'request' }, host, strike),
      new Lane({ from: target, to: client, direction: 'response' }, host, strike),
    ];
    for (const side of [client, target]) {
      // A reset is passed on as one, and so is a target that cannot be reached, unless the sides are cut off already.
      side.on('error', () => this.#broken || this.#strike({ kind: 'reset' }));
      side.on('close', () => {
        if (--this.#sides === 0) closed();
      });
    }
  }

  /** Connects to the target, unless the connection broke when it was made: the target then never hears of it. */
  dial(port: number): void {
    if (this.#broken) this.#target.destroy();
    else this.#target.setNoDelay().connect(port, '127.0.0.1');
  }

  get held(): number {
    return this.#lanes.reduce((sum, { held }) => sum + held, 0);
  }

  use(faults: readonly Fault[]): void {
    for (const lane of this.#lanes) lane.use(faults);
  }

  destroy(): void {
    this.#break();
    destroy(this.#client);
    destroy(this.#target);
  }

  #strike(fault: Break, lane?: Lane): void {
    if (fault.kind === 'stall') return lane?.stall();
    this.#break();
    if (fault.kind === 'half-open') (fault.gone === 'client' ? this.#client : this.#target).destroy();
    else for (const side of [this.#client, this.#target]) fault.kind === 'reset' ? reset(side) : side.end();
  }

  /** The sides have nothing to do with each other any more. */
  #break(): void {
    this.#broken = true;
    for (const lane of this.#lanes) lane.cut();
  }
}
