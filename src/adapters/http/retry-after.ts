/** The `Retry-After` header: when a server wants no new request before (RFC 9110, 10.2.3). */
import { wallNow } from '../../core/clock.ts';

/** A number of seconds; where two on the way have each set one, they are joined, and the longer one holds. */
const SECONDS = /^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/;
/** The part of an HTTP-date that says in which zone it is; the oldest of the three formats leaves it out. */
const ZONED = /GMT$/;

/**
 * The server's hint in milliseconds, >= 0: its seconds, or the time until its HTTP date. A date is compared with the
 * server's own `Date` header where there is one, so that a clock which differs from the server's makes no hint too short.
 *
 * @returns undefined where there is no hint, or none that can be read
 */
export function retryAfterMs(
  retryAfter: string | null | undefined,
  date: string | null | undefined,
): number | undefined {
  const text = retryAfter?.trim() ?? '';
  if (SECONDS.test(text)) return Math.ceil(Math.max(...text.split(',').map(Number)) * 1_000);
  const until = readDate(text);
  return until === undefined ? undefined : Math.max(0, until - (readDate(date ?? '') ?? wallNow()));
}

function readDate(text: string): number | undefined {
  // `Date.parse` takes much for a date, "12" and "-5" among it: all three formats begin with the name of a day.
  if (!/^[A-Z][a-z]{2}/.test(text)) return undefined;
  const ms = Date.parse(ZONED.test(text) ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
