/** What a dispatch asks for, whichever way its options say it. */
import { type ParsedUrlQueryInput, stringify } from 'node:querystring';
import type { Dispatcher } from 'undici';
import { IDEMPOTENCY_KEY, isStream } from '../http/methods.ts';
import { httpOrigin } from '../http/origin.ts';

type Options = Dispatcher.DispatchOptions;
type Headers = Exclude<Options['headers'], undefined>;

export class Outgoing {
  readonly method: string;
  readonly url: string;
  /** What a keyed pipeline is asked for; undefined where the dispatcher knows only one, and does not say it. */
  readonly origin: string | undefined;
  /** Whether it may be sent more than once. */
  readonly idempotent: boolean;
  readonly #options: Options;

  /** @throws whatever reading the options throws: then undici itself says best what is wrong with them */
  constructor(options: Options, retryMethods: ReadonlySet<string>) {
    const { method, path, origin = '', query, body } = options;
    const base = typeof origin === 'string' ? origin : origin.origin;
    const headers = lasting(options.headers ?? null);
    // As they are now: undici reads them at once, and what the caller changes later is for another request.
    this.#options = options.headers == null ? { ...options } : { ...options, headers };
    this.method = method.toUpperCase();
    this.url = `${base}${path}${query ? `?${stringify(query as ParsedUrlQueryInput)}` : ''}`;
    this.origin = httpOrigin(base) ?? (base || undefined);
    this.idempotent =
      !isStream(body) &&
      (options.idempotent ?? (retryMethods.has(this.method) || namesIn(headers).includes(IDEMPOTENCY_KEY)));
  }

  get body(): unknown {
    return this.#options.body;
  }

  /** The options for one attempt. */
  options(header?: string, value?: string): Options {
    if (header === undefined || value === undefined) return this.#options;
    return { ...this.#options, headers: withHeader(this.#options.headers ?? null, header, value) };
  }
}

/** A copy. An iterable may give its pairs once only: it becomes undici's flat array. */
function lasting(headers: Headers): Headers {
  if (headers == null || typeof headers !== 'object') return headers;
  if (Array.isArray(headers)) return [...headers];
  return Symbol.iterator in headers
    ? ([...(headers as Iterable<string[]>)].flat(1) as string[])
    : ({ ...headers } as Headers);
}

function namesIn(headers: Headers): string[] {
  const names = Array.isArray(headers)
    ? headers.filter((_, index) => index % 2 === 0)
    : Object.keys(headers ?? {});
  return names.map((name) => String(name).toLowerCase());
}

function withHeader(headers: Headers, name: string, value: string): Headers {
  const isOther = (each: string): boolean => String(each).toLowerCase() !== name.toLowerCase();
  if (Array.isArray(headers)) {
    const kept = headers.filter((_, index) => isOther(headers[index - (index % 2)] as string));
    return [...kept, name, value];
  }
  const kept = Object.entries(headers ?? {}).filter(([each]) => isOther(each));
  return Object.fromEntries([...kept, [name, value]]) as Headers;
}
