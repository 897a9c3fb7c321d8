/** From what clients saw to figures: shares and percentiles, for each phase and over time. */
import type { Sample } from './messages.ts';
import {
  clientPatienceMs,
  goodWithinMs,
  lengthMs,
  type Phase,
  type Route,
  routes,
  type Scenario,
} from './scenario.ts';

export interface Figures {
  readonly sent: number;
  /** Share of the requests that were answered 2xx in good time. */
  readonly goodput: number;
  /** Share of the requests that had no 2xx at all. */
  readonly errorRate: number;
  /** Until an answer of whatever kind; where the client gave up, its patience. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface PhaseFigures {
  readonly phase: string;
  readonly routes: Readonly<Record<Route, Figures>>;
}

export const isError = ({ status }: Sample): boolean => status < 200 || status >= 300;
export const isGood = (sample: Sample): boolean => !isError(sample) && sample.latencyMs <= goodWithinMs;

export function figuresOf(samples: readonly Sample[]): Figures {
  const latencies = samples
    .map(({ latencyMs }) => Math.min(latencyMs, clientPatienceMs))
    .sort((a, b) => a - b);
  return {
    sent: samples.length,
    goodput: share(samples, isGood),
    errorRate: share(samples, isError),
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
  };
}

/** How late the load itself was: what the machine, busy with something else, has added to every latency. */
export function loadLateness(samples: readonly Sample[]): number {
  return percentile(
    samples.map(({ lateMs }) => lateMs).sort((a, b) => a - b),
    0.99,
  );
}

export function byRoute<T>(make: (route: Route) => T): Record<Route, T> {
  return Object.fromEntries(routes.map((route) => [route, make(route)])) as Record<Route, T>;
}

/** A request belongs to the phase in which it was due, however late its answer came. */
export function byPhase(samples: readonly Sample[], phases: readonly Phase[]): PhaseFigures[] {
  return phases.map(({ name, fromMs, toMs }) => ({
    phase: name,
    routes: byRoute((route) => figuresOf(dueWithin(samples, route, fromMs, toMs))),
  }));
}

export interface GoodputPoint {
  readonly atMs: number;
  readonly goodput: Readonly<Record<Route, number>>;
}

/** Goodput over the half second before each point; before the first one lies the warm-up. */
export function goodputOverTime(samples: readonly Sample[], scenario: Scenario): GoodputPoint[] {
  const points: GoodputPoint[] = [];
  for (let atMs = 0; atMs <= lengthMs(scenario); atMs += 250) {
    const goodput = byRoute((route) => share(dueWithin(samples, route, atMs - 500, atMs), isGood));
    points.push({ atMs, goodput });
  }
  return points;
}

export function dueWithin(samples: readonly Sample[], route: Route, fromMs: number, toMs: number): Sample[] {
  return samples.filter((sample) => sample.route === route && sample.dueMs >= fromMs && sample.dueMs < toMs);
}

/** Nearest rank, of numbers in order. */
function percentile(ordered: readonly number[], quantile: number): number {
  return ordered[Math.max(0, Math.ceil(ordered.length * quantile) - 1)] ?? 0;
}

export function share<T>(all: readonly T[], counts: (one: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(counts).length / all.length;
}
