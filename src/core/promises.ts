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

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    resolve = resolveIt as (value: T) => void;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}
