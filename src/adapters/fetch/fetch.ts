/** `fetch` through a pipeline: the same function, right about what may be sent again, and when a call is really over. */
import type { Call } from '../../core/call.ts';
import { FUNCTION, settle } from '../../core/options.ts';
import type { Keyed } from '../../pipeline/keyed.ts';
import { clientOf, HTTP_RULES, type HttpOptions, type Runs } from '../http/client.ts';
import { deadlineValue } from '../http/deadline.ts';
import { HttpError } from '../http/errors.ts';
import { isFailed } from '../http/judge.ts';
import { httpOrigin } from '../http/origin.ts';
import type { StandardPipeline } from '../http/standard.ts';
import { Exchange } from './exchange.ts';
import { type Init, Outgoing } from './outgoing.ts';

/** Options of `resilientFetch`. */
export interface FetchOptions<P extends Runs<Response> = Keyed<StandardPipeline>> extends HttpOptions<P> {
  /**
   * Which of a keyed pipeline's a request runs through. Default: the origin of its URL. A redirect stays with the
   * pipeline in which the request began.
   */
  readonly keyOf?: ((url: string, init: RequestInit | undefined) => string) | undefined;
  /** The fetch that sends. Default: `globalThis.fetch`, looked up at each call. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What `resilientFetch` returns: `fetch`, and what it runs through. */
export type ResilientFetch<P = Keyed<StandardPipeline>> = typeof globalThis.fetch & {
  /** To listen to, and to look at. */
  readonly pipeline: P;
};

type Settings = FetchOptions<Runs<Response>>;
type Arguments = [input: string | URL | Request, init?: RequestInit];

/** One call of the wrapped function: its attempts, and in the end the one answer that is kept. */
class Sending {
  readonly #settings: Settings;
  readonly #outgoing: Outgoing;
  #last: Exchange | undefined = undefined;

  constructor(settings: Settings, outgoing: Outgoing) {
    this.#settings = settings;
    this.#outgoing = outgoing;
  }

  /** One attempt. */
  async send(call: Call): Promise<Response> {
    const { fetch = globalThis.fetch, throwOnFailure, deadlineHeader } = this.#settings;
    const { idempotent, signal } = this.#outgoing;
    this.keep(undefined);
    const exchange = new Exchange(call, this.#last);
    this.#last = exchange;
    const overrides: Init = { signal: exchange.signal };
    if (deadlineHeader !== undefined && call.remainingMs !== Infinity) {
      const headers = this.#outgoing.headers;
      headers.set(deadlineHeader, deadlineValue(call.remainingMs));
      Object.assign(overrides, { headers });
    }
    let response: Response;
    exchange.sent();
    try {
      response = await fetch(this.#outgoing.input, this.#outgoing.init(overrides));
    } finally {
      exchange.unlink();
    }
    exchange.answered(response, signal);
    if (!isFailed(response.status)) return response;
    if (idempotent) void exchange.readAhead();
    if (throwOnFailure) throw new HttpError(response, { pipeline: call.pipeline });
    return response;
  }

  /** The caller gets this one; whatever else was answered is nobody's. */
  keep(response: unknown): void {
    for (let exchange = this.#last; exchange !== undefined; exchange = exchange.earlier) {
      if (exchange.response === response) exchange.keep();
      else exchange.drop();
    }
  }
}

/**
 * The same function as the global `fetch`, with the policies of a pipeline around each call. Without options that is
 * the standard pipeline: see `standardPipeline`.
 *
 * - Tried again: network errors, 408, 429, 500, 502, 503, 504; only methods that are idempotent, or requests with an
 *   `Idempotency-Key`; a body that is a stream is sent once.
 * - What an answer counts as is said by `httpJudge`. One of 500 or above that is the last is returned, not thrown.
 * - A run ends when the headers are there; its deadline and the caller's signal hold until the body has ended.
 * - What is no URL of HTTP goes to the plain `fetch` as it is.
 *
 * @throws TypeError | RangeError - for a bad option. The returned function rejects as `fetch` does, and with the errors of its policies
 * @example
 * const fetch = resilientFetch();
 * const response = await fetch('https://api.example.com/items');
 */
export function resilientFetch<P extends Runs<Response> = Keyed<StandardPipeline>>(
  options: FetchOptions<P> = {},
): ResilientFetch<P> {
  const settings = settle<Settings>('resilientFetch', options, { ...HTTP_RULES, fetch: [FUNCTION] });
  const { pipeline, judge, methods, run } = clientOf('resilientFetch', settings);
  const { keyOf } = settings;

  async function fetch(...[input, init]: Arguments): Promise<Response> {
    const outgoing = read(input, init, methods);
    const origin = outgoing && httpOrigin(outgoing.url);
    if (outgoing === undefined || origin === undefined)
      return (settings.fetch ?? globalThis.fetch)(input as never, init);
    const { url, method, signal, idempotent } = outgoing;
    const sending = new Sending(settings, outgoing);
    const context = { method, url };
    try {
      const response = await run(
        keyOf === undefined ? origin : keyOf(url, init),
        (call) => sending.send(call),
        { signal, judge, idempotent, context },
      );
      sending.keep(response);
      return response;
    } catch (error) {
      sending.keep(error instanceof HttpError ? error.response : undefined);
      throw error;
    }
  }
  return Object.assign(fetch as typeof globalThis.fetch, { pipeline: pipeline as P });
}

/** Arguments that cannot be read are left to fetch, which says what is wrong with them. */
function read(input: Arguments[0], init: Arguments[1], methods: ReadonlySet<string>): Outgoing | undefined {
  try {
    return new Outgoing(input, init as Init | undefined, methods);
  } catch {
    return undefined;
  }
}
