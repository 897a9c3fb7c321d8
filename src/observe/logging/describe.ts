/** What of errors, names and moments can stand in a line. */

const LONGEST = 200;
/** How far an error's causes are followed. */
const DEEPEST = 5;

/** A name that somebody else chose, cut to a length that does no harm. */
export const cut = (text: string): string => text.slice(0, LONGEST);

/**
 * The error's name and code, and nothing else of it: its other properties may hold anything, a password included. Only
 * where that is asked for does the error itself stand beside them, under the name by which loggers know one.
 */
export const errorFields = (error: unknown, included: boolean): object => ({
  errorName: nameOf(error),
  errorCode: codeOf(error),
  err: included ? error : undefined,
});

function read(error: unknown, property: 'name' | 'code' | 'cause'): unknown {
  try {
    return (error as Record<string, unknown> | null | undefined)?.[property];
  } catch {
    return undefined; // a getter that throws, a revoked proxy
  }
}

function nameOf(error: unknown): string {
  const name = read(error, 'name');
  return cut(typeof name === 'string' && typeof error === 'object' ? name : typeof error);
}

// What `fetch` throws, say, has no code: the cause has it.
function codeOf(error: unknown): string | number | undefined {
  let at = error;
  for (let depth = 0; depth < DEEPEST && typeof at === 'object'; depth++) {
    const code = read(at, 'code');
    if (typeof code === 'number') return code;
    if (typeof code === 'string') return cut(code);
    at = read(at, 'cause');
  }
  return undefined;
}

/** A time of day, in milliseconds since 1970, as a date; undefined where no date is so far away. */
export function dateOf(wallMs: number): string | undefined {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
