/** `fetch` through a pipeline: the same function, right about what may be sent again, and when a call is really over. */
import type { Call } from '../../core/call.ts';
import type { Judge } from '../../core/judge.ts';
import { allowed, FLAG, FUNCTION, type Rules, settle, TEXT } from '../../core/options.ts';
import type { Operation } from '../../core/policy.ts';
import type { RunOptions } from '../../core/run.ts';
import type { Keyed } from '../../pipeline/keyed.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { deadlineValue } from '../http/deadline.ts';
import { httpJudge, isFailed } from '../http/judge.ts';
import { IDEMPOTENT_METHODS } from '../http/methods.ts';
import { httpOrigin } from '../http/origin.ts';
import { standardPipelines } from '../http/standard.ts';
import { HttpError } from './errors.ts';
import { Exchange } from './exchange.ts';
import { type Init, Outgoing } from './outgoing.ts';

/** A pipeline whose runs end in a response, also where it has a fallback. */
export interface RunsOne {
  run<T>(operation: Operation<T>, options?: RunOptions): Promise<T | Response>;
}

/** The same, one for each key. */
export interface RunsKeyed {
  get(key: string): unknown;
  run<T>(key: string, operation: Operation<T>, options?: RunOptions): Promise<T | Response>;
}

/** Options of `resilientFetch`. */
export interface FetchOptions<P extends RunsOne | RunsKeyed = Keyed<Pipeline>> {
  /**
   * What each request runs through: one pipeline for all, or a pipeline for each key. Default: the standard pipeline,
   * one for each of up to 1_000 origins.
   */
  readonly pipeline?: P | undefined;
  /**
   * Which of a keyed pipeline's a request runs through. Default: the origin of its URL. A redirect stays with the
   * pipeline in which the request began.
   */
  readonly keyOf?: ((url: string, init: RequestInit | undefined) => string) | undefined;
  /** Asked before `httpJudge`, which answers where this does not. `call.context` is `{ method, url }`. */
  readonly judge?: Judge | undefined;
  /**
   * Methods of requests that may be sent again. Others are only with an `Idempotency-Key` header. Default: GET, HEAD,
   * OPTIONS, PUT, DELETE, TRACE.
   */
  readonly retryMethods?: readonly string[] | undefined;
  /**
   * Throw an `HttpError` for an answer of 408, 429, or 500 and above, instead of returning it: then a fallback in the
   * pipeline takes its place. Default: false.
   */
  readonly throwOnFailure?: boolean | undefined;
  /**
   * The header in which each attempt says how many milliseconds are left to answer it; `remainingMs` reads it on the
   * other side. Default: none.
   */
  readonly deadlineHeader?: string | undefined;
  /** The fetch that sends. Default: `globalThis.fetch`, looked up at each call. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What `resilientFetch` returns: `fetch`, and what it runs through. */
export type ResilientFetch<P = Keyed<Pipeline>> = typeof globalThis.fetch & {
  /** To listen to, and to look at. */
  readonly pipeline: P;
};

const RULES: Rules = {
  pipeline: ['a pipeline, or what keyed() returned', undefined, 'run', 'on'],
  keyOf: [FUNCTION],
  judge: [FUNCTION],
  retryMethods: ['an array of method names', IDEMPOTENT_METHODS, 'map'],
  throwOnFailure: [FLAG, false],
  deadlineHeader: [TEXT],
  fetch: [FUNCTION],
};

type Settings = FetchOptions<RunsOne | RunsKeyed> & { readonly retryMethods: readonly string[] };
type Arguments = [input: string | URL | Request, init?: RequestInit];
type Run = <T>(key: string, operation: Operation<T>, options: RunOptions) => Promise<T | Response>;

/** One call of the wrapped function: its attempts, and in the end the one answer that is kept. */
class Sending {
  readonly #settings: Settings;
  readonly #outgoing: Outgoing;
  readonly #exchanges: Exchange[] = [];

  constructor(settings: Settings, outgoing: Outgoing) {
    this.#settings = settings;
    this.#outgoing = outgoing;
  }

  /** One attempt. */
  async send(call: Call): Promise<Response> {
    const { fetch = globalThis.fetch, throwOnFailure, deadlineHeader } = this.#settings;
    const { idempotent, signal } = this.#outgoing;
    for (const earlier of this.#exchanges) earlier.drop();
    const exchange = new Exchange(call);
    this.#exchanges.push(exchange);
    const overrides: Init = { signal: exchange.signal };
    if (deadlineHeader !== undefined && call.remainingMs !== Infinity) {
      const headers = this.#outgoing.headers;
      headers.set(deadlineHeader, deadlineValue(call.remainingMs));
      Object.assign(overrides, { headers });
    }
    const response = await exchange.headersOf(fetch(...this.#outgoing.arguments(overrides)), signal);
    if (!isFailed(response.status)) return response;
    if (idempotent) void exchange.readAhead();
    if (throwOnFailure) throw new HttpError(response, { pipeline: call.pipeline });
    return response;
  }

  /** The caller gets this one; whatever else was answered is nobody's. */
  keep(response: unknown): void {
    for (const exchange of this.#exchanges) {
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
export function resilientFetch<P extends RunsOne | RunsKeyed = Keyed<Pipeline>>(
  options: FetchOptions<P> = {},
): ResilientFetch<P> {
  const settings = settle<Settings>('resilientFetch', options, RULES);
  const { judge, keyOf, deadlineHeader, pipeline = standardPipelines() } = settings;
  if (deadlineHeader !== undefined) checkHeader(deadlineHeader);
  const methods = new Set(settings.retryMethods.map((method) => methodOf(method)));
  const run = runOf(pipeline);
  const judged: Judge = judge
    ? (outcome, call) => judge(outcome, call) ?? httpJudge(outcome, call)
    : httpJudge;

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
        { signal, judge: judged, idempotent, context },
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

const isKeyed = (pipeline: RunsOne | RunsKeyed): pipeline is RunsKeyed => 'get' in pipeline;

const runOf = (pipeline: RunsOne | RunsKeyed): Run =>
  isKeyed(pipeline)
    ? (key, operation, options) => pipeline.run(key, operation, options)
    : (_, operation, options) => pipeline.run(operation, options);

function methodOf(method: unknown): string {
  if (typeof method === 'string' && method !== '') return method.toUpperCase();
  throw allowed('resilientFetch', 'retryMethods', method, 'an array of method names');
}

function checkHeader(name: string): void {
  try {
    new Headers([[name, '']]);
  } catch {
    throw allowed('resilientFetch', 'deadlineHeader', name, 'a name for a header');
  }
}

/** Arguments that cannot be read are left to fetch, which says what is wrong with them. */
function read(input: Arguments[0], init: Arguments[1], methods: ReadonlySet<string>): Outgoing | undefined {
  try {
    return new Outgoing(input, init as Init | undefined, methods);
  } catch {
    return undefined;
  }
}
