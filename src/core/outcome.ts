/** How one invocation of the operation, or a whole run, ended. */

/** It returned, or its promise was fulfilled. */
export interface Success<T = unknown> {
  readonly ok: true;
  readonly value: T;
  readonly error?: undefined;
}

/** It threw, or its promise was rejected; the error may be any value at all. */
export interface Failure {
  readonly ok: false;
  readonly value?: undefined;
  readonly error: unknown;
}

/** How one invocation of the operation, or a whole run, ended. */
export type Outcome<T = unknown> = Success<T> | Failure;

// Both are built with the same keys in the same order, so that code which reads outcomes meets one shape.
export const success = <T>(value: T): Success<T> => ({ ok: true, value, error: undefined });
export const failure = (error: unknown): Failure => ({ ok: false, value: undefined, error });
