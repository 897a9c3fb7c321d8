import { vi } from 'vitest';

/**
 * What the scripts of this folder share. A script is one fault of the field written down as a small
 * program: it drives a subject and returns what it saw. It runs once against ours and once against the
 * peer, and the two tests below it say what each showed.
 */

/** Whoever keeps the time: our virtual clock, or the fake timers that a peer is driven by. */
export interface Time {
  advance(ms: number): Promise<void>;
}

export interface Call {
  readonly signal: AbortSignal;
}

export type Operation<T> = (call: Call) => PromiseLike<T> | T;

export interface Runner {
  run<T>(operation: Operation<T>, options?: { readonly signal?: AbortSignal }): Promise<T>;
}

export type State = 'closed' | 'open' | 'half-open' | 'isolated';

export interface Breaker extends Runner {
  readonly state: State;
}

/** Installs vitest's fake timers, `Date` and `performance` included; each file takes them off after each test. */
export function fakeTime(): Time {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  return { advance: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)) };
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Work that the script ends by hand. */
export function deferred<T = string>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Work that never ends. */
export const hang = (): Promise<never> => new Promise(() => {});

export class DependencyDown extends Error {
  override readonly name = 'DependencyDown';
}

/** Work that fails as a dependency does. */
export const fail = (): Promise<never> => Promise.reject(new DependencyDown('503'));

export interface Watched {
  status: 'pending' | 'resolved' | 'rejected';
  value?: unknown;
  error?: unknown;
}

/** How a promise stands, without waiting for it. */
export function watch(promise: Promise<unknown>): Watched {
  const seen: Watched = { status: 'pending' };
  promise.then(
    (value) => Object.assign(seen, { status: 'resolved', value }),
    (error: unknown) => Object.assign(seen, { status: 'rejected', error }),
  );
  return seen;
}

/** How a promise that settles by itself ended. */
export async function ending(promise: Promise<unknown>): Promise<Watched> {
  const seen = watch(promise);
  await ignoringErrors(promise);
  return seen;
}

/** Lets a run fail or succeed, and goes on. */
export async function ignoringErrors(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => {});
}
