/** Callers of `fetch`, all at once: each reads what it gets, or half of it, or nothing, or leaves, and then calls again. */
import { BulkheadFullError, CircuitOpenError, TimeoutError } from 'holdfast';
import { Agent } from 'undici';
import { Callers, LEFT, READERS, REQUESTS, weightsOf } from './callers.ts';
import type { Chance } from './chance.ts';
import { CLIENTS, type Client, type ClientName } from './clients.ts';

/** Callers at once, each with one call after another; there are fewer sockets. */
const AT_ONCE = 64;
export const SOCKETS = 50;
/** Nothing lasts longer: a call has two seconds. */
const SETTLED_MS = 5_000;
/** Who was refused calls again after that. */
const PAUSE_MS = 20;

const isNetworkError = (error: unknown): boolean =>
  error instanceof TypeError && /fetch failed|terminated/.test(error.message);

/** How calls end, by their error. */
const ERRORS = {
  'network error': isNetworkError,
  'time-out': (error) => error instanceof TimeoutError || (error as Error)?.name === 'TimeoutError',
  abort: (error) => error === LEFT,
  'circuit open': (error) => error instanceof CircuitOpenError,
  'queue full': (error) => error instanceof BulkheadFullError,
} as const satisfies Record<string, (error: unknown) => boolean>;

export type Ending = keyof typeof ERRORS | 'answered' | 'answered with an error' | 'anything else';
export type BodyEnding = keyof typeof ERRORS | 'done' | 'wrong length' | 'anything else';

const nameOf = (error: unknown): keyof typeof ERRORS | 'anything else' =>
  (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).find((name) => ERRORS[name](error)) ?? 'anything else';

export type Counts<Name extends string> = Partial<Record<Name, number>>;
const count = <Name extends string>(counts: Counts<Name>, name: Name): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Waits until it is so, or for so long. */
export async function becomes(isSo: () => boolean, limitMs = SETTLED_MS): Promise<void> {
  for (let waited = 0; !isSo() && waited < limitMs; waited += 20) await after(20);
}

export class Crowd {
  readonly endings: Counts<Ending> = {};
  readonly bodies: Counts<BodyEnding> = {};
  /** Calls and bodies that have begun and not ended. */
  running = 0;
  /** Requests that were sent, repeated ones among them. */
  sent = 0;
  readonly callers: Callers;
  readonly client: Client;
  readonly agent = new Agent({ connections: SOCKETS });
  readonly #chance: Chance;
  readonly #url: string;
  #lastEnd = 0;

  constructor(name: ClientName, url: string, chance: Chance) {
    this.#url = url;
    this.#chance = chance;
    this.callers = new Callers(this.#chance);
    this.client = CLIENTS[name]((input, init) => {
      this.sent++;
      return globalThis.fetch(input, { ...init, dispatcher: this.agent } as RequestInit);
    });
  }

  /** Calls until so many requests were sent in all; it comes back when the last call has ended, or none has for long. */
  async send(requests: number): Promise<void> {
    const one = async (): Promise<void> => {
      while (this.sent < requests) await this.#call();
    };
    let over = false;
    void Promise.all(Array.from({ length: AT_ONCE }, one)).then(() => {
      over = true;
    });
    this.#lastEnd = performance.now();
    await becomes(() => over || performance.now() - this.#lastEnd > SETTLED_MS, Infinity);
  }

  async #call(): Promise<void> {
    this.running++;
    const { signal, own, over } = this.callers.come();
    const [input, init] = REQUESTS[this.#chance.of(weightsOf(REQUESTS))][1](this.#url);
    let response: Response | undefined;
    try {
      response = await this.client.fetch(input, { ...init, ...(signal && { signal }) });
      count(this.endings, response.ok ? 'answered' : 'answered with an error');
    } catch (error) {
      const name = nameOf(error);
      count(this.endings, name);
      if (name === 'anything else') console.error(error);
      if (name === 'circuit open' || name === 'queue full') await after(PAUSE_MS);
    }
    if (response !== undefined) count(this.bodies, await this.#read(response, own));
    over();
    this.running--;
    this.#lastEnd = performance.now();
  }

  async #read(response: Response, own: AbortController | undefined): Promise<BodyEnding> {
    const wanted = response.body && response.headers.get('x-length');
    try {
      const length = await READERS[this.#chance.of(weightsOf(READERS))][1](response, own);
      return typeof length !== 'number' || wanted === null || length === Number(wanted)
        ? 'done'
        : 'wrong length';
    } catch (error) {
      const name = nameOf(error);
      if (name === 'anything else') console.error(error);
      return name;
    }
  }

  /** Requests that are on their way, and those that wait for a socket. */
  get busy(): number {
    const stats = Object.values(this.agent.stats) as { running?: number; pending?: number }[];
    return stats.reduce((sum, { running = 0, pending = 0 }) => sum + running + pending, 0);
  }
}
