/** What the retry's tests have in common. */
import type { Call, Retry, RetryEvents } from 'holdfast';

/**
 * An operation that does as it is told, one entry for each call; the last is repeated. An `Error` is thrown, a
 * function is called, anything else returned.
 */
export function scripted(...script: unknown[]) {
  const attempts: number[] = [];
  const operation = async (call: Call): Promise<unknown> => {
    const step = script[Math.min(attempts.length, script.length - 1)];
    attempts.push(call.attempt);
    if (step instanceof Error) throw step;
    return typeof step === 'function' ? step(call) : step;
  };
  return { operation, attempts };
}

/** Everything that the retry emits of one type, as it comes. */
export function heard<K extends keyof RetryEvents>(retry: Retry, type: K): RetryEvents[K][] {
  const events: RetryEvents[K][] = [];
  retry.on(type, (event) => events.push(event as RetryEvents[K]));
  return events;
}

/** What the promise rejects with. */
export const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => Promise.reject(new Error(`fulfilled with ${String(value)}`)),
    (error: unknown) => error,
  );
