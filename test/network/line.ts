/** One connection of the HTTP server, on which acts are performed. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../src/core/clock.ts';
import { type Act, type Answer, type Bytes, headOf, mayHaveBody, type Step } from './acts.ts';
import { Inbox, type Request, readBody } from './inbox.ts';
import { reset } from './listener.ts';

/** What a line needs of its server. */
export interface Stage {
  readonly clock: Clock;
  /** Somebody waits for `letGo`. */
  hold(go: () => void): void;
  changed(): void;
}

export class Line {
  readonly inbox: Inbox;
  /** Whether the client has closed or the connection is no more. */
  gone = false;
  /** Ends the step that waits. */
  #leave: () => void = () => {};
  readonly #socket: Socket;
  readonly #raw: Socket;
  readonly #stage: Stage;

  /** `raw` is the socket under `socket`, or the same if there is no TLS between. */
  constructor(socket: Socket, raw: Socket, stage: Stage) {
    this.#socket = socket;
    this.#raw = raw;
    this.#stage = stage;
    this.inbox = new Inbox(socket);
    const end = (): void => {
      this.gone = true;
      socket.end();
      this.#leave();
    };
    socket.on('end', end).on('close', end).on('error', end);
  }

  /** Takes the steps one by one; whether it came to the last before the client went away. */
  async perform(act: Act, request?: Request): Promise<boolean> {
    for (const step of act) if (this.gone || !(await this.#take(step, request))) return false;
    return true;
  }

  async #take(step: Step, request?: Request): Promise<boolean> {
    switch (step.kind) {
      case 'read':
        if (request !== undefined) await readBody(this.inbox, request);
        return request?.complete ?? true;
      case 'answer':
        return this.#answer(step, request);
      case 'echo':
        return this.#echo(request);
      case 'write':
        return this.#write(step.bytes);
      case 'drip':
        return this.#drip(Buffer.from(step.bytes), step.everyMs, step.size ?? 1);
      case 'wait':
        return this.#wait(step.ms);
      case 'hold':
        return this.#until((go) => this.#stage.hold(go));
      case 'stall':
        return this.#until(() => {});
      case 'end':
        this.#socket.end();
        return true;
      case 'reset':
        reset(this.#raw);
        return true;
    }
  }

  async #answer(answer: Answer, request?: Request): Promise<boolean> {
    const body = request?.method === 'HEAD' || !mayHaveBody(answer.status ?? 200) ? '' : (answer.body ?? '');
    return this.#write(Buffer.concat([Buffer.from(headOf(answer)), Buffer.from(body)]));
  }

  async #echo(request?: Request): Promise<boolean> {
    const { method, path, headers, body } = request ?? {};
    const json = JSON.stringify({ method, path, headers, body: body?.toString() });
    return this.#answer({ headers: { 'content-type': 'application/json' }, body: json }, request);
  }

  async #drip(bytes: Uint8Array, everyMs: number, size: number): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += size) {
      const whole = (await this.#write(bytes.subarray(at, at + size))) && (await this.#wait(everyMs));
      if (!whole) return false;
    }
    return true;
  }

  #write(bytes: Bytes): Promise<boolean> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, (error) => resolve(!error));
    });
  }

  async #wait(ms: number): Promise<boolean> {
    let timer: Timer | undefined;
    const passed = await this.#until((go) => {
      timer = this.#stage.clock.setTimer(ms, go);
      this.#stage.changed();
    });
    timer?.cancel();
    return passed;
  }

  /** Waits for `go`, or until the line is gone: whether it was the former. No race, which would keep what has lost. */
  #until(start: (go: () => void) => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.#leave = () => resolve(false);
      start(() => resolve(true));
    });
  }
}
