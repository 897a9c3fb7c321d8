/** Small things that are done to promises on the way of every call. */

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

export const SETTLED: Promise<void> = Promise.resolve();

/**
 * Rejects one microtask later. A promise that is rejected before anyone has attached a handler goes through the
 * runtime's tracking of unhandled rejections and out again, which costs about a microsecond.
 */
export const rejectLater = (error: unknown): Promise<never> =>
  new Promise((_, reject) => {
    void SETTLED.then(() => reject(error));
  });

/** A promise and the two functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

const nobody = (): void => {};
let lastResolve: (value: never) => void = nobody;
let lastReject: (error: unknown) => void = nobody;
// One executor for all promises: a closure for each would cost an allocation and a context more.
const keep = (resolve: (value: never) => void, reject: (error: unknown) => void): void => {
  lastResolve = resolve;
  lastReject = reject;
};

export function deferred<T>(): Deferred<T> {
  const promise = new Promise<T>(
    keep as (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  );
  const made = { promise, resolve: lastResolve as (value: T) => void, reject: lastReject };
  // Kept here they would keep what the promise comes to: a response, and with it a socket.
  lastResolve = lastReject = nobody;
  return made;
}
