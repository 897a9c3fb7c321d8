/** Gates, operations and promises that write down what happens to them. */
import type { Call, Gate, Operation, Outcome, Rejection } from 'holdfast';

/** How a promise stands now. */
export interface Watched<T> {
  state: 'pending' | 'fulfilled' | 'rejected';
  value?: T;
  error?: unknown;
}

/** Follows a promise without waiting for it; also keeps its rejection from being unhandled. */
export function watch<T>(promise: PromiseLike<T>): Watched<T> {
  const watched: Watched<T> = { state: 'pending' };
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', value }),
    (error) => Object.assign(watched, { state: 'rejected', error }),
  );
  return watched;
}

/** The error that a promise rejects with; throws if it is fulfilled. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`it was fulfilled with ${String(value)}`);
}

/** An operation of which the test says when and how it ends. */
export interface Work<T = unknown> {
  readonly operation: Operation<T>;
  readonly calls: Call[];
  /** Ends the invocation with this number, from 0; the last without one. */
  resolve(value: T, invocation?: number): void;
  reject(error: unknown, invocation?: number): void;
}

export function work<T = unknown>(): Work<T> {
  const calls: Call[] = [];
  const ends: PromiseWithResolvers<T>[] = [];
  return {
    calls,
    operation: (call) => {
      calls.push(call);
      const end = withResolvers<T>();
      ends.push(end);
      return end.promise;
    },
    resolve: (value, invocation = ends.length - 1) => ends[invocation]!.resolve(value),
    reject: (error, invocation = ends.length - 1) => ends[invocation]!.reject(error),
  };
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

export type Learned = Outcome | 'unused';

export interface SpyGate extends Gate<number> {
  /** `enter`, `leave`, `release`, as they came. */
  readonly log: string[];
  /** What each `leave` was told. */
  readonly learned: Learned[];
}

export interface SpyOptions {
  readonly name?: string;
  /** What `enter` answers, if not a ticket. */
  readonly answer?: (ticket: number) => number | Rejection | PromiseLike<number | Rejection>;
  /** A log that several gates share. */
  readonly log?: string[];
}

/** A gate that admits, and writes down what it is told. */
export function spyGate({ name, answer = (ticket) => ticket, log = [] }: SpyOptions = {}): SpyGate {
  const learned: Learned[] = [];
  const prefix = name === undefined ? '' : `${name} `;
  let tickets = 0;
  return {
    ...(name !== undefined && { name }),
    log,
    learned,
    enter: () => {
      log.push(`${prefix}enter`);
      return answer(++tickets);
    },
    leave: (_ticket, outcome) => {
      learned.push(outcome);
      log.push(`${prefix}leave`);
    },
    release: () => {
      log.push(`${prefix}release`);
    },
  };
}

/** What a gate learned, in a word: `unused`, `ok`, or the error's name. */
export const inAWord = (learned: Learned | undefined): string => {
  if (learned === undefined) return 'nothing';
  if (learned === 'unused') return 'unused';
  if (learned.ok) return `ok ${String(learned.value)}`;
  return learned.error instanceof Error ? learned.error.name : String(learned.error);
};
