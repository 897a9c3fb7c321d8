/** How soon each trouble was noticed, how soon after it each route was well again, and which routes were refused meanwhile. */
import type { Sample, Sign } from './messages.ts';
import { alarmingErrorRate, lengthMs, type Route, routes, type Scenario, wellGoodput } from './scenario.ts';
import { dueWithin, isError, isGood, share } from './statistics.ts';

/** A sign at its time in the script. */
export type PlacedSign = Omit<Sign, 'at'> & { readonly atMs: number };

export interface Detection {
  readonly trouble: string;
  /** After the trouble began; undefined: never while it lasted. */
  readonly afterMs: number | undefined;
  readonly sign: 'client errors' | 'circuit failure rate' | 'circuit opened' | undefined;
  readonly circuitOpenedAfterMs: number | undefined;
}

export interface Recovery {
  readonly trouble: string;
  readonly route: Route;
  /** After the trouble ended; undefined: not before the script did. */
  readonly afterMs: number | undefined;
}

/** A route's incidents: how many, and what each took on average. */
export interface Incidents {
  readonly count: number;
  /** From the last success to when calls were refused; undefined: there was no incident. */
  readonly timeToDetectMs: number | undefined;
  /** From then to the next success; undefined: no incident was over. */
  readonly timeToRecoverMs: number | undefined;
}

/** The first sign of each trouble on its own route: what clients saw, or what the gateway noticed by itself. */
export function detections(
  samples: readonly Sample[],
  signs: readonly PlacedSign[],
  scenario: Scenario,
): Detection[] {
  return troubles(scenario).map(({ name, fromMs, toMs, trouble }) => {
    const after = (sign: PlacedSign | undefined) => sign && sign.atMs - fromMs;
    const during = signs.filter(
      ({ route, atMs }) => route === trouble.route && atMs >= fromMs && atMs < toMs,
    );
    const circuitOpenedAfterMs = after(during.find(({ circuit }) => circuit === 'open'));
    const own = dueWithin(samples, trouble.route, fromMs, toMs);
    const candidates = [
      {
        sign: 'circuit failure rate',
        afterMs: after(during.find((sign) => sign.failureRate !== undefined)),
      },
      { sign: 'circuit opened', afterMs: circuitOpenedAfterMs },
      { sign: 'client errors', afterMs: firstAlarm(own, fromMs, toMs, scenario.windowMs) },
    ] as const;
    const seen = candidates.filter(({ afterMs }) => afterMs !== undefined);
    const first = seen.sort((a, b) => (a.afterMs ?? 0) - (b.afterMs ?? 0))[0];
    return { trouble: name, afterMs: first?.afterMs, sign: first?.sign, circuitOpenedAfterMs };
  });
}

/** The moment at which the answers of the window before it were alarming, if enough of them had come. */
function firstAlarm(samples: readonly Sample[], fromMs: number, toMs: number, windowMs: number) {
  const answers = samples
    .map((sample) => ({ atMs: sample.dueMs + sample.latencyMs, bad: isError(sample) }))
    .sort((a, b) => a.atMs - b.atMs);
  const enough = 10;
  for (const { atMs } of answers) {
    const recent = answers.filter((answer) => answer.atMs > atMs - windowMs && answer.atMs <= atMs);
    if (atMs < toMs && recent.length >= enough && share(recent, ({ bad }) => bad) >= alarmingErrorRate) {
      return atMs - fromMs;
    }
  }
  return undefined;
}

/** For each trouble and route: when the first window began in which the route was well, after the trouble's end. */
export function recoveries(samples: readonly Sample[], scenario: Scenario): Recovery[] {
  const { windowMs, phases } = scenario;
  return troubles(scenario).flatMap(({ name, toMs }) =>
    routes
      .filter((route) => !phases.some(({ fromMs, trouble }) => fromMs >= toMs && trouble?.route === route))
      .map((route) => {
        for (let atMs = toMs; atMs + windowMs <= lengthMs(scenario); atMs += 50) {
          const window = dueWithin(samples, route, atMs, atMs + windowMs);
          if (share(window, isGood) >= wellGoodput) return { trouble: name, route, afterMs: atMs - toMs };
        }
        return { trouble: name, route, afterMs: undefined };
      }),
  );
}

/** As clients saw them: 503 is what the gateway answers where it asks nothing of the service for the time being. */
export function clientIncidents(samples: readonly Sample[], route: Route): Incidents {
  const answers = samples
    .filter((sample) => sample.route === route)
    .map(({ status, dueMs, latencyMs }) => ({ status, dueMs, atMs: dueMs + latencyMs }))
    .sort((a, b) => a.atMs - b.atMs);
  const detected: number[] = [];
  const recovered: number[] = [];
  let wellAtMs = answers[0]?.atMs ?? 0;
  let refused = false;
  let changedAtMs = Number.NEGATIVE_INFINITY;
  for (const { status, dueMs, atMs } of answers) {
    if (status === 200 && !refused) wellAtMs = atMs;
    // What was under way at one change says nothing of the next.
    if (dueMs < changedAtMs || status !== (refused ? 200 : 503)) continue;
    if (refused) recovered.push(atMs - changedAtMs);
    else detected.push(atMs - wellAtMs);
    refused = !refused;
    changedAtMs = atMs;
    if (!refused) wellAtMs = atMs;
  }
  return { count: detected.length, timeToDetectMs: mean(detected), timeToRecoverMs: mean(recovered) };
}

function mean(all: readonly number[]): number | undefined {
  return all.length === 0 ? undefined : all.reduce((sum, one) => sum + one, 0) / all.length;
}

function troubles({ phases }: Scenario) {
  return phases.flatMap((phase) => (phase.trouble ? [{ ...phase, trouble: phase.trouble }] : []));
}
