/** Those who call: what they send, whether they leave, and what they make of the answer. */
import type { Chance } from './chance.ts';

/** Why callers leave. */
export const LEFT = new Error('left');

const PAYLOAD = 'payload '.repeat(200);
const BYTES = Buffer.alloc(50_000);

/** What is sent. A body that is no stream can be sent again. */
export const REQUESTS = {
  get: [500, (url) => [url, {}]],
  head: [50, (url) => [url, { method: 'HEAD' }]],
  put: [100, (url) => [url, { method: 'PUT', body: PAYLOAD }]],
  post: [80, (url) => [url, { method: 'POST', body: PAYLOAD }]],
  'post with a key': [
    50,
    (url) => [url, { method: 'POST', body: PAYLOAD, headers: { 'idempotency-key': 'k' } }],
  ],
  delete: [30, (url) => [url, { method: 'DELETE' }]],
  bytes: [30, (url) => [url, { method: 'PUT', body: BYTES }]],
  form: [30, (url) => [url, { method: 'PUT', body: form() }]],
  stream: [
    50,
    (url) => [url, { method: 'PUT', body: new Blob([PAYLOAD]).stream(), duplex: 'half' } as RequestInit],
  ],
  'a Request': [50, (url) => [new Request(url, { method: 'PUT', body: PAYLOAD }), {}]],
  'not followed': [30, (url) => [url, { redirect: 'error' }]],
} as const satisfies Record<string, readonly [number, (url: string) => [string | Request, RequestInit]]>;

function form(): FormData {
  const form = new FormData();
  form.set('a', new Blob([PAYLOAD]));
  return form;
}

/** What is made of an answer. It says whether the body was read to its end, and how long it was. */
export const READERS = {
  text: [600, async (response) => (await response.text()).length],
  piped: [
    50,
    async ({ body }) => {
      await body?.pipeTo(new WritableStream());
    },
  ],
  clone: [
    50,
    async (response) => {
      const [one, two] = await Promise.all([response.clone().text(), response.text()]);
      if (one !== two) throw new Error('a clone that differs');
      return one.length;
    },
  ],
  cancelled: [80, async ({ body }) => body?.cancel()],
  'half read, and cancelled': [
    40,
    async ({ body }) => {
      const reader = body?.getReader();
      await reader?.read();
      await reader?.cancel();
    },
  ],
  'half read, and left': [10, async ({ body }) => void (await body?.getReader().read())],
  left: [40, async () => {}],
  'aborted in its midst': [
    40,
    async ({ body }, caller) => {
      const reader = body?.getReader();
      await reader?.read();
      caller?.abort(LEFT);
      while (!((await reader?.read())?.done ?? true));
    },
  ],
} as const satisfies Record<
  string,
  readonly [number, (response: Response, caller: AbortController | undefined) => Promise<unknown>]
>;

/** How long callers stay: for good with the signal of their process or without one, or as long as they like. */
const STAYS = {
  'for good': 200,
  'with the process': 500,
  'if need be': 150,
  'not long': 120,
  gone: 10,
};

/** The weights of a table. */
export const weightsOf = <Name extends string>(
  table: Readonly<Record<Name, readonly [number, unknown]>>,
): Record<Name, number> =>
  Object.fromEntries(
    Object.entries<readonly [number, unknown]>(table).map(([name, [weight]]) => [name, weight]),
  ) as Record<Name, number>;

export interface Caller {
  readonly signal: AbortSignal | undefined;
  /** With which it may leave. */
  readonly own: AbortController | undefined;
  /** The call is over. */
  over(): void;
}

/** Counts the listeners of its own signals. */
export class Callers {
  /** Listeners that were added and are still there. */
  listeners = 0;
  /** The signal of a process that goes on. */
  readonly process = this.make();
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  make(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    const standing = new Set<unknown>();
    const { addEventListener, removeEventListener } = signal;
    const count = (change: () => void): void => {
      this.listeners -= standing.size;
      change();
      this.listeners += standing.size;
    };
    signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      count(() => void standing.add(listener));
      addEventListener.call(signal, type, listener, options);
    };
    signal.removeEventListener = (type: string, listener: EventListener, options?: EventListenerOptions) => {
      count(() => void standing.delete(listener));
      removeEventListener.call(signal, type, listener, options);
    };
    return controller;
  }

  /** One who calls now. */
  come(): Caller {
    const stay = this.#chance.of(STAYS);
    if (stay === 'for good') return { signal: undefined, own: undefined, over: () => {} };
    if (stay === 'with the process') return { signal: this.process.signal, own: undefined, over: () => {} };
    const own = this.make();
    if (stay === 'gone') own.abort(LEFT);
    const timer =
      stay === 'not long' ? setTimeout(() => own.abort(LEFT), this.#chance.below(120)) : undefined;
    return { signal: own.signal, own, over: () => clearTimeout(timer) };
  }
}
