/** What a run shows while it goes on: a line a second, fit for a terminal and for a log. */
import type { Run } from './run.ts';
import { type Phase, routes, type Scenario } from './scenario.ts';
import { figuresOf } from './statistics.ts';

const columns = ' rps  p50  p95  p99  err';

const descriptions = {
  bare: 'every call waits for as long as the service takes',
  'plain timeouts': 'every call is given up after 2 s',
  holdfast: 'a pipeline for each service: timeout, retry, circuit breaker, timeout, bulkhead',
};

const noPrometheus = 'nobody: no Prometheus is on the PATH, and HOLDFAST_PROMETHEUS names none';

/** Writes until the returned function is called. */
export function showProgress(say: (line: string) => void, scenario: Scenario) {
  return (run: Run, startAt: number): (() => void) => {
    say('');
    say(`gateway: ${run.kind} (${descriptions[run.kind]})`);
    if (run.exposed)
      say(`metrics: ${run.exposed.page}, scraped by ${run.exposed.prometheus ?? noPrometheus}`);
    say(`    s │ ${routes.map((route) => route.padEnd(columns.length)).join(' │ ')} │`);
    say(`      │ ${routes.map(() => columns).join(' │ ')} │ circuits`);
    let current: Phase | undefined;
    const ticking = setInterval(() => {
      const nowMs = Date.now() - startAt;
      const phase = scenario.phases.find(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
      if (!phase || nowMs < 500) return;
      if (phase !== current) say(`      ├─ ${phase.name}`);
      current = phase;
      say(line(run, nowMs));
    }, 1_000);
    return () => clearInterval(ticking);
  };
}

/** The answers of one second, and the clients who gave up in it. */
function line(run: Run, nowMs: number): string {
  // The load generator reports five times a second, so what is newer is not all known yet.
  const untilMs = nowMs - 250;
  const cells = routes.map((route) => {
    const recent = run.samples.filter((sample) => {
      const agoMs = untilMs - sample.dueMs - sample.latencyMs;
      return sample.route === route && agoMs >= 0 && agoMs < 1_000;
    });
    if (recent.length === 0) return '   0    –    –    –    –';
    const { p50Ms, p95Ms, p99Ms, errorRate } = figuresOf(recent);
    const ms = [p50Ms, p95Ms, p99Ms].map((value) => value.toFixed(0).padStart(5)).join('');
    return `${String(recent.length).padStart(4)}${ms}${(errorRate * 100).toFixed(0).padStart(4)}%`;
  });
  return `${(untilMs / 1_000).toFixed(0).padStart(5)} │ ${cells.join(' │ ')} │ ${circuits(run)}`;
}

function circuits(run: Run): string {
  if (run.kind !== 'holdfast') return 'none';
  const changes = run.signs.filter(({ circuit }) => circuit !== undefined);
  return routes
    .map((route) => changes.filter((change) => change.route === route).at(-1)?.circuit ?? 'closed')
    .join(' ');
}
