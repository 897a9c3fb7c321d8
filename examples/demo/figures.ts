/** Everything that was measured, as plain data: what `--json` prints, and what the table and picture show. */
import { cpus } from 'node:os';
import {
  clientIncidents,
  type Detection,
  detections,
  type Incidents,
  type PlacedSign,
  type Recovery,
  recoveries,
} from './incidents.ts';
import type { GatewayKind } from './messages.ts';
import { meteredIncidents } from './metrics.ts';
import type { Run } from './run.ts';
import { clientPatienceMs, goodWithinMs, type Route, routes, type Scenario } from './scenario.ts';
import {
  byPhase,
  type GoodputPoint,
  goodputOverTime,
  loadLateness,
  type PhaseFigures,
} from './statistics.ts';

export interface RunFigures {
  readonly gateway: GatewayKind;
  readonly phases: readonly PhaseFigures[];
  readonly loadLateP99Ms: number;
  readonly detections: readonly Detection[];
  readonly recoveries: readonly Recovery[];
  readonly circuits: readonly PlacedSign[];
  /** Of each route, if the gateway served metrics. */
  readonly incidents: readonly RouteIncidents[];
  readonly goodputOverTime: readonly GoodputPoint[];
}

export interface RouteIncidents {
  readonly route: Route;
  readonly byMetrics: Incidents;
  readonly byClients: Incidents;
}

export interface Figures {
  readonly machine: { readonly node: string; readonly cpus: number };
  readonly seed: number;
  readonly goodWithinMs: number;
  readonly clientPatienceMs: number;
  readonly phases: Scenario['phases'];
  readonly runs: readonly RunFigures[];
}

export function measure(runs: readonly Run[], scenario: Scenario): Figures {
  const measured = runs.map(({ kind, samples, signs, exposed, series }) => ({
    gateway: kind,
    phases: byPhase(samples, scenario.phases),
    loadLateP99Ms: loadLateness(samples),
    detections: detections(samples, signs, scenario),
    recoveries: recoveries(samples, scenario),
    circuits: signs.filter(({ circuit }) => circuit !== undefined),
    incidents: (exposed ? routes : []).map((route) => ({
      route,
      byMetrics: meteredIncidents(series, route),
      byClients: clientIncidents(samples, route),
    })),
    goodputOverTime: goodputOverTime(samples, scenario),
  }));
  return {
    machine: { node: process.version, cpus: cpus().length },
    seed: scenario.seed,
    goodWithinMs,
    clientPatienceMs,
    phases: scenario.phases,
    runs: measured,
  };
}
