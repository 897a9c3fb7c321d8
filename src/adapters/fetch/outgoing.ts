/** What a call of `fetch` asks for, whichever way its arguments say it. */
import { IDEMPOTENCY_KEY, isStream } from '../http/methods.ts';

/** Fields that only some implementations of fetch know are passed on as they are. */
export type Init = RequestInit & Readonly<Record<string, unknown>>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export class Outgoing {
  readonly url: string;
  readonly method: string;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
  /** Whether it may be sent more than once. */
  readonly idempotent: boolean;
  readonly #input: string | Request;
  readonly #init: Writable<Init>;

  /** @throws whatever reading the arguments throws: then fetch itself says best what is wrong with them */
  constructor(
    input: string | URL | Request,
    init: Init | null | undefined,
    retryMethods: ReadonlySet<string>,
  ) {
    const request = isRequest(input) ? input : undefined;
    this.#input = request ?? String(input);
    // As it is now: fetch reads it at once, and what the caller changes later is for another call.
    this.#init = init == null || isPlain(init) ? { ...init } : fieldsOf(init);
    if (this.#init.headers != null) this.#init.headers = copyOf(this.#init.headers);
    const { method = request?.method ?? 'GET', signal = request?.signal, body } = this.#init;
    this.url = request?.url ?? (this.#input as string);
    this.method = method.toUpperCase();
    this.signal = signal ?? undefined;
    this.idempotent = !isStream(body) && (retryMethods.has(this.method) || this.headers.has(IDEMPOTENCY_KEY));
  }

  /** A copy. */
  get headers(): Headers {
    const { headers } = this.#init;
    return new Headers(headers ?? (isRequest(this.#input) ? this.#input.headers : undefined));
  }

  /** The first argument for one attempt. A body is gone once it was read: what may have to be sent again is copied. */
  get input(): string | Request {
    const input = this.#input;
    const copied = this.idempotent && isRequest(input) && input.body != null && this.#init.body == null;
    return copied ? input.clone() : input;
  }

  /** The second. */
  init(overrides: Init): Init {
    return { ...this.#init, ...overrides };
  }
}

const isRequest = (input: unknown): input is Request =>
  typeof input === 'object' && input !== null && 'url' in input && 'headers' in input;

const isPlain = (init: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(init));

const FIELDS = [
  ...['method', 'headers', 'body', 'signal', 'redirect', 'referrer', 'referrerPolicy', 'mode', 'credentials'],
  ...['cache', 'integrity', 'keepalive', 'duplex', 'dispatcher', 'priority', 'window'],
] as const;

/** Headers that can be read more than once, however they were said. */
function copyOf(headers: HeadersInit): HeadersInit {
  if (headers instanceof Headers) return new Headers(headers);
  return Symbol.iterator in headers ? [...headers] : { ...headers };
}

/** Also what is inherited, as from a Request in the place of the init. */
function fieldsOf(init: Init): Init {
  const fields: Record<string, unknown> = {};
  for (const name in init) fields[name] = init[name];
  for (const name of FIELDS) if (name in init) fields[name] = init[name];
  return fields;
}
