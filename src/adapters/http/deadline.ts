/** How much time is left, told from one service to the next, so that nobody works for a caller who has gone. */

/** The header that says so where nothing else is agreed: whole milliseconds. */
export const DEADLINE_HEADER = 'x-deadline-ms';

/** The headers of a request: those of fetch, or those of node:http. */
export type HeadersIn =
  | Pick<Headers, 'get'>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is said in the header; a time that is over is never sent, since no request is. */
export const deadlineValue = (remainingMs: number): string => String(Math.max(1, Math.floor(remainingMs)));

/**
 * The milliseconds, >= 1, that the caller of this service still waits, out of the headers of its request. They suit
 * `timeoutMs` of a run: `payments.run(operation, { timeoutMs: remainingMs(request.headers) })`. Counted from the
 * moment at which the request was sent, so that the time on the wire is not in it.
 *
 * @param header - its name, in any case. Default: `x-deadline-ms`
 * @returns undefined where the header is absent or no whole number
 */
export function remainingMs(headers: HeadersIn, header: string = DEADLINE_HEADER): number | undefined {
  const value = isHeaders(headers) ? headers.get(header) : headers[header.toLowerCase()];
  return typeof value === 'string' && /^\d+$/.test(value) ? Math.max(1, Number(value)) : undefined;
}

// Not only the global's: those of a framework as well.
const isHeaders = (headers: HeadersIn): headers is Pick<Headers, 'get'> => typeof headers.get === 'function';
