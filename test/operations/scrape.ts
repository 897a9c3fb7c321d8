/**
 * `npm run demo:scrape`: a real Prometheus scrapes the demo's gateway for a minute of its traffic, trouble included. No
 * scrape may fail, each query of the dashboard must have numbers, and incidents must be what clients saw, to a second.
 */
import assert from 'node:assert/strict';
import { clientIncidents } from '../../examples/demo/incidents.ts';
import { meteredIncidents } from '../../examples/demo/metrics.ts';
import { type Run, runScript } from '../../examples/demo/run.ts';
import { lengthMs, makeScenario, type Route, routes, type Scenario } from '../../examples/demo/scenario.ts';
import { found } from '../support/prometheus.ts';
import { filledIn, queries } from './dashboard.ts';

const TIMES = 3;
const AGREEMENT_MS = 1_000;

/** The script over and over, which makes a minute. */
function repeated(script: Scenario): Scenario {
  const phases = Array.from({ length: TIMES }, (_, turn) => {
    const later = turn * lengthMs(script);
    return script.phases.map((each) => ({ ...each, fromMs: each.fromMs + later, toMs: each.toMs + later }));
  });
  return { ...script, phases: phases.flat() };
}

type Numbers = ReadonlyArray<{ readonly values: ReadonlyArray<readonly [at: number, value: string]> }>;

async function matrix(url: string): Promise<Numbers> {
  const response = await fetch(url);
  const { data, error } = (await response.json()) as { data?: { result: Numbers }; error?: string };
  assert.ok(data, `${error} from ${url}`);
  return data.result;
}

const problems: string[] = [];

async function checkScrapes(prometheus: string, seconds: number): Promise<void> {
  const [up] = await matrix(`${prometheus}/api/v1/query?query=up[${seconds}s]`);
  const scrapes = up?.values ?? [];
  const failed = scrapes.filter(([, value]) => value !== '1').length;
  console.log(`${scrapes.length} scrapes in ${seconds} s, ${failed} of them failed`);
  if (scrapes.length < 60 || failed > 0) problems.push('scrapes failed, or were too few');

  // A scrape can be taken and some of its lines refused: Prometheus counts those about itself.
  const itself = await (await fetch(`${prometheus}/metrics`)).text();
  const refusals = [...itself.matchAll(/^(prometheus_target_scrapes_\w+_total) (\S+)$/gm)];
  assert.ok(refusals.length > 3, 'Prometheus counts what it refuses');
  for (const [, name, count] of refusals) if (count !== '0') problems.push(`${name} is ${count}`);
}

async function checkDashboard(prometheus: string, from: number, to: number): Promise<void> {
  let answered = 0;
  for (const { title, expr } of queries) {
    const query = encodeURIComponent(filledIn(expr, '5s', `${Math.ceil(to - from)}s`));
    const result = await matrix(
      `${prometheus}/api/v1/query_range?query=${query}&start=${from}&end=${to}&step=1`,
    );
    const isAnswered = result.some(({ values }) =>
      values.some(([, value]) => Number.isFinite(Number(value))),
    );
    if (isAnswered) answered++;
    else problems.push(`no number for '${title}': ${expr}`);
  }
  console.log(`${answered} of the dashboard's ${queries.length} queries have numbers`);
}

function checkIncidents({ samples, series }: Run, route: Route): void {
  const metered = meteredIncidents(series, route);
  const seen = clientIncidents(samples, route);
  console.log(`${route}: metrics ${JSON.stringify(metered)}, clients ${JSON.stringify(seen)}`);
  const apartMs = (measure: 'timeToDetectMs' | 'timeToRecoverMs') =>
    Math.abs((metered[measure] ?? 0) - (seen[measure] ?? 0));
  if (route === 'reporting' && metered.count < TIMES) problems.push('reporting: incidents are missing');
  if (
    metered.count !== seen.count ||
    apartMs('timeToDetectMs') > AGREEMENT_MS ||
    apartMs('timeToRecoverMs') > AGREEMENT_MS
  ) {
    problems.push(`${route}: metrics and clients do not agree`);
  }
}

const scenario = repeated(makeScenario(1, false));
const setup = { port: 0, metrics: true, prometheus: found('prometheus') };
console.log(`a Prometheus scrapes ${lengthMs(scenario) / 1_000} s of the demo`);
await runScript('holdfast', scenario, setup, (run, startAt) => async () => {
  const prometheus = run.exposed?.prometheus;
  assert.ok(prometheus, 'the demo has started its Prometheus');
  const now = Date.now();
  await checkScrapes(prometheus, Math.ceil((now - startAt) / 1_000));
  await checkDashboard(prometheus, startAt / 1_000, now / 1_000);
  for (const route of routes) checkIncidents(run, route);
});

for (const problem of problems) console.error(`demo:scrape: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
