/** What happened, written down as plain data that can be compared: answers, errors, and requests as the server saw them. */
import type { Request } from '../../../network/inbox.ts';

/** What differs from one server, or one form, to the next, and what stands for it. */
export type Names = readonly (readonly [pattern: RegExp | string, name: string])[];

const BOUNDARY = [/(formdata-undici-|-boundary-?)[\w-]+/g, '$1x'] as const;

export const namesOf = (servers: Readonly<Record<string, number>>): Names => [
  BOUNDARY,
  ...Object.entries(servers).map(([name, port]) => [`127.0.0.1:${port}`, name] as const),
];

const ERROR_FIELDS = [
  'name',
  'message',
  'code',
  'status',
  'statusText',
  'data',
  'error',
  'type',
  'requestID',
];

export class Recorder {
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** An answer does not include its body: the script reads it. */
  async value(value: unknown): Promise<unknown> {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'function') return 'a function';
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error || value instanceof DOMException) return this.error(value);
    if (value instanceof Response) return { response: await this.value(factsOf(value)) };
    if (value instanceof ReadableStream) return 'a stream';
    if (value instanceof Blob) return { blob: value.type, text: this.text(await value.text()) };
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { bytes: toText(value) };
    if (value instanceof Headers || value instanceof FormData)
      return this.value([...(value as Iterable<unknown>)]);
    if (Array.isArray(value)) return Promise.all(value.map((each) => this.value(each)));
    const entries = Object.entries(value).map(async ([key, each]) => [key, await this.value(each)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  async error(error: object): Promise<unknown> {
    const fields: Record<string, unknown> = { constructor: error.constructor.name };
    for (const key of [...ERROR_FIELDS, 'cause'])
      if (key in error) fields[key] = await this.value(error[key as never]);
    const { response } = error as { response?: unknown };
    if (response !== undefined) fields.response = await this.value(response);
    return fields;
  }

  /** Of one that the client left it is chance how much came. */
  request({ method, path, headers, body, complete, deserted }: Request): unknown {
    const named = Object.entries(headers).map(([name, value]) => [name, this.text(value)]);
    const seen = { method, path, headers: Object.fromEntries(named), deserted };
    return deserted ? seen : { ...seen, complete, body: this.text(body.toString('latin1')) };
  }

  text(text: string): string {
    let named = text;
    for (const [pattern, name] of this.#names) named = named.replaceAll(pattern, name);
    return named;
  }
}

function factsOf(response: Response): object {
  const { status, statusText, ok, url, redirected, type, headers, bodyUsed, body } = response;
  const facts = { status, statusText, ok, url, redirected, type, headers, bodyUsed, hasBody: body !== null };
  // What ofetch has made of the body.
  return '_data' in response ? { ...facts, data: response._data } : facts;
}

const toText = (bytes: ArrayBuffer | ArrayBufferView): string =>
  (ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes)
  ).toString('latin1');
