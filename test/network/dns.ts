/** Names that cannot be resolved. */
import type { LookupFunction } from 'node:net';

/**
 * A host that no resolver may know (RFC 6761): ENOTFOUND, or EAI_AGAIN on a machine that reaches no resolver, which may
 * take its time to say so. Where the code matters, use `failingLookup`.
 */
export const unknownHost = 'nowhere.invalid';

/** A `lookup` that fails at once: for `net.connect`, node:http, and `connect: { lookup }` of undici's Agent. */
export const failingLookup =
  (code: 'ENOTFOUND' | 'EAI_AGAIN' = 'ENOTFOUND'): LookupFunction =>
  (hostname, _options, callback) => {
    const error = Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
      code,
      syscall: 'getaddrinfo',
      hostname,
    });
    process.nextTick(callback, error, '');
  };
