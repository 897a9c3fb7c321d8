/**
 * The numbers of the demo, all of them: who calls what, how often, and what goes wrong when. An incident of
 * many minutes is told in some twenty seconds here, so timeouts are shorter than a real service would set.
 */

export const routes = ['auth', 'payments', 'reporting'] as const;
export type Route = (typeof routes)[number];

export interface Service {
  /** Requests that it works on at once; the others queue inside it. */
  readonly workers: number;
  /** The work of one request takes this long, evenly spread. */
  readonly workMs: { readonly least: number; readonly most: number };
  /** Mean of the Poisson arrivals on its route. */
  readonly arrivalsPerSecond: number;
}

export const services: Readonly<Record<Route, Service>> = {
  // Checking a password takes long on purpose.
  auth: { workers: 24, workMs: { least: 80, most: 160 }, arrivalsPerSecond: 60 },
  payments: { workers: 12, workMs: { least: 40, most: 80 }, arrivalsPerSecond: 50 },
  reporting: { workers: 12, workMs: { least: 40, most: 80 }, arrivalsPerSecond: 50 },
};

/** Outbound connections of the gateway, for all three services together. In health about 14 are in use. */
export const poolSize = 52;

/** A client waits so long for any answer, then it gives up. */
export const clientPatienceMs = 3_000;

/** An answer counts towards goodput if it is a 2xx within this time. */
export const goodWithinMs = 1_000;

/** A second in which so many of the answers are errors is a sign of trouble. */
export const alarmingErrorRate = 0.1;

/** A route is well again when so many of the requests of a whole window are good. */
export const wellGoodput = 0.95;

export interface Trouble {
  readonly route: Route;
  readonly kind: 'hangs' | 'fails half';
}

export interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly trouble?: Trouble;
}

export interface Scenario {
  readonly seed: number;
  /** Load before the script begins, so that nothing cold is measured. */
  readonly warmUpMs: number;
  readonly phases: readonly Phase[];
  /** What "a second" means where something is judged over a stretch of time. */
  readonly windowMs: number;
}

const script: ReadonlyArray<{ name: string; seconds: number; trouble?: Trouble }> = [
  { name: 'all well', seconds: 4 },
  { name: 'reporting hangs', seconds: 7, trouble: { route: 'reporting', kind: 'hangs' } },
  { name: 'payments fails half', seconds: 5, trouble: { route: 'payments', kind: 'fails half' } },
  { name: 'all well again', seconds: 5 },
];

/** The script of trouble, or one with phases of a second, which shows that everything runs and little more. */
export function makeScenario(seed: number, quick: boolean): Scenario {
  let fromMs = 0;
  const phases = script.map(({ seconds, ...phase }) => {
    const toMs = fromMs + (quick ? 1 : seconds) * 1_000;
    const placed = { ...phase, fromMs, toMs };
    fromMs = toMs;
    return placed;
  });
  return { seed, warmUpMs: quick ? 300 : 1_000, phases, windowMs: quick ? 500 : 1_000 };
}

export function lengthMs(scenario: Scenario): number {
  return scenario.phases.at(-1)?.toMs ?? 0;
}
