/** The figures as text: one table over all phases, then how fast trouble was seen and got over, then the verdict. */
import type { Figures as AllFigures, RouteIncidents, RunFigures } from './figures.ts';
import type { Detection, Incidents, Recovery } from './incidents.ts';
import { clientPatienceMs, goodWithinMs, type Phase, routes } from './scenario.ts';
import type { Figures } from './statistics.ts';
import { percent, type Verdict } from './verdict.ts';

const labelWidths = [22, 10] as const;
const cellWidth = 24;
/** A load this late disturbs the figures: it is as much as the p99 of auth may rise by at the least. */
const tooLateMs = 25;

export function table({ runs, phases }: AllFigures, verdict: Verdict): string {
  const troubles = phases.filter(({ trouble }) => trouble).map(({ name }) => name);
  const gateways = runs.map(({ gateway }) => gateway);
  const headings = runs.map(() => 'goodput    p99  errors');
  const lateness = runs.map(({ loadLateP99Ms }) => `${loadLateP99Ms.toFixed(1)} ms`);
  const blank = runs.map(() => '');
  return [
    row('', '', gateways),
    row('phase', 'route', headings),
    rule(runs),
    ...phases.flatMap(({ name }, index) => phaseRows(name, index, runs)),
    row('detected after', '', blank),
    ...troubles.flatMap((trouble) => detectionRows(trouble, runs)),
    '',
    row('well again after', '', blank),
    ...troubles.flatMap((trouble) => recoveryRows(trouble, runs)),
    '',
    ...incidentRows(phases, runs),
    row('load sent late, p99', '', lateness),
    '',
    `goodput: answered 2xx within ${seconds(goodWithinMs)} of being due, of all requests sent.`,
    `p99: until any answer, or until the client gave up after ${seconds(clientPatienceMs)}. errors: no 2xx at all.`,
    'detected: from the start of the trouble to its first sign: 10% of the answers in a second are errors, or the',
    '  circuit measures a failure rate of 10%, or opens. well again: from its end to the first second with 95% goodput.',
    ...incidentNotes(runs),
    'load sent late: by the load generator itself. Many milliseconds mean that this machine is busy with other work.',
    '',
    ...verdictRows(verdict),
    ...caveat(runs),
  ].join('\n');
}

function phaseRows(phase: string, index: number, runs: readonly RunFigures[]): string[] {
  const rows = routes.map((route, at) => {
    const cells = runs.map((run) => {
      const figures = run.phases[index]?.routes[route];
      return figures ? figuresCell(figures) : '';
    });
    return row(at === 0 ? phase : '', route, cells);
  });
  return [...rows, ''];
}

function figuresCell({ goodput, p99Ms, errorRate }: Figures): string {
  const p99 = p99Ms >= clientPatienceMs ? `>${seconds(clientPatienceMs)}` : `${p99Ms.toFixed(0)} ms`;
  return `${percent(goodput).padStart(7)}${p99.padStart(8)}${percent(errorRate).padStart(7)}`;
}

function detectionRows(trouble: string, runs: readonly RunFigures[]): string[] {
  const all = runs.map((run) => run.detections.find((detection) => detection.trouble === trouble));
  const soon = all.map((detection) => (detection ? after(detection.afterMs) : ''));
  const by = all.map((detection) => (detection?.sign ? `  by ${detection.sign}` : ''));
  const opened = all.map(openedCell);
  const rows = [row(`  ${trouble}`, '', soon), row('', '', by)];
  return opened.some((cell) => cell !== '') ? [...rows, row('', '', opened)] : rows;
}

function openedCell(detection: Detection | undefined): string {
  const openedMs = detection?.circuitOpenedAfterMs;
  return openedMs === undefined ? '' : `  opened after ${seconds(openedMs)}`;
}

function recoveryRows(trouble: string, runs: readonly RunFigures[]): string[] {
  return routes.map((route, at) => {
    const cells = runs.map((run) => recoveryCell(run.recoveries, trouble, route));
    return row(at === 0 ? `  ${trouble}` : '', route, cells);
  });
}

function recoveryCell(recoveries: readonly Recovery[], trouble: string, route: string): string {
  const recovery = recoveries.find((one) => one.trouble === trouble && one.route === route);
  if (!recovery) return 'its own trouble follows';
  return recovery.afterMs === undefined ? 'not in this script' : after(recovery.afterMs);
}

/** What the metrics say, and beside it what clients saw. */
function incidentRows(phases: readonly Phase[], runs: readonly RunFigures[]): string[] {
  if (!runs.some(({ incidents }) => incidents.length > 0)) return [];
  const troubled = phases.flatMap(({ trouble }) => trouble?.route ?? []);
  const of = (measure: 'timeToDetectMs' | 'timeToRecoverMs') =>
    troubled.map((route, at) => {
      const cells = runs.map(({ incidents }) => incidentCell(incidents, route, measure));
      const label = { timeToDetectMs: 'time to detect', timeToRecoverMs: 'time to recover' }[measure];
      return row(at === 0 ? label : '', route, cells);
    });
  return [...of('timeToDetectMs'), ...of('timeToRecoverMs'), ''];
}

function incidentCell(incidents: readonly RouteIncidents[], route: string, measure: keyof Incidents): string {
  const of = incidents.find((one) => one.route === route);
  if (!of) return 'no metrics';
  const [metered, seen] = [of.byMetrics[measure], of.byClients[measure]];
  if (metered === undefined && seen === undefined) return 'no incident';
  const [known, clients] = [metered, seen].map((ms) => (ms === undefined ? 'none' : seconds(ms)));
  return `${known} (clients: ${clients})`;
}

function incidentNotes(runs: readonly RunFigures[]): string[] {
  if (!runs.some(({ incidents }) => incidents.length > 0)) return [];
  return [
    'time to detect, to recover: of a circuit, by holdfast_incident_detection_seconds and _recovery_seconds: from the',
    '  last success to the trip, from that to the close. Clients: from the last 2xx to the first 503, then to the next 2xx.',
  ];
}

function after(ms: number | undefined): string {
  if (ms === undefined) return 'never';
  return ms === 0 ? 'at once' : seconds(ms);
}

function verdictRows({ judged, shown, claims }: Verdict): string[] {
  if (!judged) return ['No verdict: phases this short have too few requests for one.'];
  return [
    ...claims.map((one) => `${one.shown ? 'shown    ' : 'NOT SHOWN'}  ${one.claim}: ${one.measured}`),
    shown ? 'All of it is shown by the figures above.' : 'The figures above do not show all of it.',
  ];
}

function caveat(runs: readonly RunFigures[]): string[] {
  const lateMs = Math.max(...runs.map(({ loadLateP99Ms }) => loadLateP99Ms));
  if (lateMs < tooLateMs) return [];
  return [
    `This machine was busy with other work (the load was ${lateMs.toFixed(0)} ms late): repeat it on one at rest.`,
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

function row(first: string, second: string, cells: readonly string[]): string {
  const labels = first.padEnd(labelWidths[0]) + second.padEnd(labelWidths[1]);
  return (labels + cells.map((cell) => ` │ ${cell.padEnd(cellWidth)}`).join('')).trimEnd();
}

function rule(runs: readonly RunFigures[]): string {
  const dashes = '─'.repeat(labelWidths[0] + labelWidths[1]);
  return dashes + runs.map(() => `─┼─${'─'.repeat(cellWidth)}`).join('');
}
