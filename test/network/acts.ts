/** What the HTTP server does with a request: a list of steps, which are plain data, and the lists most in use. */
import { gzipSync } from 'node:zlib';

export type Bytes = string | Uint8Array;

export type Step =
  /** Reads the rest of the request. An act that answers without it answers early. */
  | { readonly kind: 'read' }
  /** A whole answer, without a body where there must be none: to HEAD, and with 1xx, 204 and 304. */
  | ({ readonly kind: 'answer' } & Answer)
  /** Answers 200 with what came, as JSON: an `Echo`. */
  | { readonly kind: 'echo' }
  /** These bytes as they are, whatever a client makes of them. */
  | { readonly kind: 'write'; readonly bytes: Bytes }
  /** These bytes, `size` (default 1) at a time with `everyMs` between. */
  | { readonly kind: 'drip'; readonly bytes: Bytes; readonly everyMs: number; readonly size?: number }
  | { readonly kind: 'wait'; readonly ms: number }
  /** Waits for `letGo` of the server. */
  | { readonly kind: 'hold' }
  /** Does nothing more, for as long as the client stays. */
  | { readonly kind: 'stall' }
  /** Closes in good order (FIN). */
  | { readonly kind: 'end' }
  /** Resets the connection (RST). */
  | { readonly kind: 'reset' };

export type Act = readonly Step[];

export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  /** A `content-length` of one's own goes before the right one; `transfer-encoding` leaves it out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: empty. */
  readonly body?: Bytes;
}

/** The body of an `echo`. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Reads the request, and answers. */
export const reply = (answer: Answer = {}): Act => [{ kind: 'read' }, { kind: 'answer', ...answer }];

/** An answer of 1xx, to stand before another. */
export const interim = (status: number, headers: Answer['headers'] = {}): Step => ({
  kind: 'write',
  bytes: headOf({ status, headers }),
});

export const redirect = (location: string, status = 302): Act => reply({ status, headers: { location } });

/** Asks to be left alone for so many seconds, or until a date. */
export const retryAfter = (when: number | Date, status = 503): Act =>
  reply({
    status,
    headers: { 'retry-after': typeof when === 'number' ? String(when) : when.toUTCString() },
  });

export const gzip = (body: string): Act =>
  reply({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(body) });

/** A body in chunks, one a piece; without the last one if it is `truncated`, and then the end of the connection. */
export function chunked(pieces: readonly string[], { truncated = false } = {}): Act {
  const chunks = pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('');
  const head = headOf({ headers: { 'transfer-encoding': 'chunked' } });
  const write = (bytes: Bytes): Step => ({ kind: 'write', bytes });
  return [{ kind: 'read' }, write(head + chunks), truncated ? { kind: 'end' } : write('0\r\n\r\n')];
}

/** A body that ends before its length, or goes on after it; then the connection ends. */
export const wrongLength = (body: string, length: number): Act => [
  ...reply({ headers: { 'content-length': String(length) }, body }),
  { kind: 'end' },
];

/** Headers that are none. */
export const garbage: Act = [
  { kind: 'read' },
  { kind: 'write', bytes: 'HTTP/1.1 200 OK\r\n\0\x01 no: header\r\n\r\n' },
];

/** A whole answer, head and body, one byte at a time. */
export const dripped = (everyMs: number, answer: Answer = {}): Act => [
  { kind: 'read' },
  { kind: 'drip', bytes: headOf(answer), everyMs },
  { kind: 'drip', bytes: answer.body ?? '', everyMs },
];

/** Before the request's body is read, after it, in the middle of the answer's headers, in the middle of its body. */
export type Place = 'request' | 'answer' | 'headers' | 'body';

/** Does something at a place, on the way to an answer with a body of ten bytes. */
export function breakAt(place: Place, step: Step): Act {
  if (place === 'request') return [step];
  const body = '0123456789';
  const head = headOf({ headers: { 'content-type': 'text/plain' }, body });
  const written = { answer: '', headers: head.slice(0, head.length / 2), body: head + body.slice(0, 5) }[
    place
  ];
  return [{ kind: 'read' }, { kind: 'write', bytes: written }, step];
}

/** The status line and the headers, with the right length unless they have one. */
export function headOf({ status = 200, headers = {}, body = '' }: Answer): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const said = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  if (!said && mayHaveBody(status)) lines.push(`content-length: ${Buffer.byteLength(body)}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}

export const mayHaveBody = (status: number): boolean => status >= 200 && status !== 204 && status !== 304;
