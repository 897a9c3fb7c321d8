/** What became of requests, in numbers. */
import { quantiles } from '../measure.ts';

export interface Request {
  /** By the clock of `performance`. */
  readonly sentAt: number;
  /** Both undefined as long as there is no answer. */
  readonly status: number | undefined;
  readonly ms: number | undefined;
}

/** From one time to another. */
export type Span = readonly [from: number, to: number];

export const sentIn = (requests: readonly Request[], [from, to]: Span): Request[] =>
  requests.filter(({ sentAt }) => sentAt >= from && sentAt < to);

export const answeredIn = (requests: readonly Request[], [from, to]: Span): Request[] =>
  requests.filter(({ sentAt, ms }) => ms !== undefined && sentAt + ms >= from && sentAt + ms < to);

export function latencies(requests: readonly Request[]): { readonly p50: number; readonly p99: number } {
  const at = quantiles(requests.flatMap(({ ms }) => ms ?? []));
  return { p50: at(0.5), p99: at(0.99) };
}

/** Of all that were sent, those without an answer included. */
export const shareWithin = (requests: readonly Request[], limitMs: number): number =>
  requests.filter(({ ms }) => ms !== undefined && ms <= limitMs).length / requests.length;

const GOOD = 200;
/** Where the machine stalls, a bulkhead may be full for a moment. */
const ENOUGH = 0.99;

/** Of those that were answered. */
export function shareGood(requests: readonly Request[]): number {
  const answered = requests.filter(({ status }) => status !== undefined);
  return answered.filter(({ status }) => status === GOOD).length / answered.length;
}

/** @throws Error - if too many requests were not answered well */
export function expectGood(requests: readonly Request[], what: string): void {
  if (shareGood(requests) >= ENOUGH) return;
  const bad = requests.find(({ status }) => status !== undefined && status !== GOOD);
  throw new Error(`${what}: answered ${bad?.status ?? 'nothing'} too often, though its dependency was well`);
}

/** How many requests each connection sends a second, so that together they send about so many, at least one. */
export const rateEach = (perSecond: number, connections: number): number =>
  Math.max(1, Math.round(perSecond / connections));
