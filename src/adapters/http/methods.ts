/** Which requests may be sent twice. */

/** Methods that may be repeated: the idempotent ones of RFC 9110, 9.2.2. */
export const IDEMPOTENT_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'];

/** With this header a server that knows it does the same request once, whatever its method. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** Whether a body cannot be sent again: it is gone once it was read. Strings, bytes, blobs and forms can. */
export const isStream = (body: unknown): boolean =>
  typeof body === 'object' &&
  body !== null &&
  ('getReader' in body || 'pipe' in body || Symbol.asyncIterator in body || isIterator(body));

// An iterator that is its own iterable gives its values once; a form, or an array, gives them anew.
const isIterator = (body: object): boolean => Symbol.iterator in body && 'next' in body;
