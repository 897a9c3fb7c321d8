/** The demo's figures, from samples whose figures are plain to see. */

import { describe, expect, test } from 'vitest';
import { detections, type PlacedSign, recoveries } from '../examples/demo/incidents.ts';
import type { Sample } from '../examples/demo/messages.ts';
import { makeScenario, type Route } from '../examples/demo/scenario.ts';
import { figuresOf } from '../examples/demo/statistics.ts';

const scenario = makeScenario(1, false); // reporting hangs from 4 s to 11 s, payments fails half until 16 s

/** Fifty requests a second on a route from one moment to another, all with the same answer. */
function steady(route: Route, fromMs: number, toMs: number, status: number, latencyMs = 20): Sample[] {
  const samples: Sample[] = [];
  for (let dueMs = fromMs; dueMs < toMs; dueMs += 20)
    samples.push({ route, dueMs, lateMs: 0, latencyMs, status });
  return samples;
}

describe('figures of a phase', () => {
  test('a slow success is neither good nor an error', () => {
    const samples = [200, 200, 200, 503].map((status, index) => ({
      ...{ route: 'auth' as const, dueMs: index, lateMs: 0, status },
      latencyMs: index === 0 ? 1_001 : 1_000,
    }));
    expect(figuresOf(samples)).toMatchObject({ sent: 4, goodput: 0.5, errorRate: 0.25 });
  });

  test('percentiles are latencies that were measured', () => {
    const samples = Array.from({ length: 200 }, (_, index) => ({
      ...{ route: 'auth' as const, dueMs: 0, lateMs: 0, status: 200 },
      latencyMs: 200 - index,
    }));
    expect(figuresOf(samples)).toMatchObject({ p50Ms: 100, p95Ms: 190, p99Ms: 198 });
  });

  test('who gave up counts with his patience, and as an error', () => {
    const samples = [{ route: 'auth' as const, dueMs: 0, lateMs: 0, latencyMs: 3_004, status: 0 }];
    expect(figuresOf(samples)).toMatchObject({ goodput: 0, errorRate: 1, p99Ms: 3_000 });
  });
});

describe('detection', () => {
  const failing = [...steady('reporting', 0, 4_000, 200), ...steady('reporting', 4_000, 11_000, 504, 2_000)];

  test('without circuits comes with the first errors that clients see', () => {
    const [hang] = detections(failing, [], scenario);
    expect(hang).toMatchObject({ trouble: 'reporting hangs', sign: 'client errors' });
    expect(hang?.afterMs).toBeCloseTo(2_180); // the tenth answer, since one alone is no sign
  });

  test('is the circuit’s where that knows earlier', () => {
    const signs: PlacedSign[] = [
      { route: 'auth', atMs: 4_050, circuit: 'open' }, // not the route in trouble
      { route: 'reporting', atMs: 4_300, failureRate: 0.1 },
      { route: 'reporting', atMs: 4_700, circuit: 'open' },
    ];
    expect(detections(failing, signs, scenario)[0]).toMatchObject({
      afterMs: 300,
      sign: 'circuit failure rate',
      circuitOpenedAfterMs: 700,
    });
  });

  test('is never where nothing shows', () => {
    expect(detections(steady('payments', 0, 21_000, 200), [], scenario)[1]).toMatchObject({
      trouble: 'payments fails half',
      afterMs: undefined,
    });
  });
});

describe('recovery', () => {
  const of = (samples: Sample[], trouble: string, route: Route) =>
    recoveries(samples, scenario).find((one) => one.trouble === trouble && one.route === route)?.afterMs;

  test('is at once for a route that was well all the time', () => {
    expect(of(steady('auth', 0, 21_000, 200), 'reporting hangs', 'auth')).toBe(0);
  });

  test('begins with the first second that is well as a whole', () => {
    const samples = [...steady('auth', 0, 12_500, 504), ...steady('auth', 12_500, 21_000, 200)];
    expect(of(samples, 'reporting hangs', 'auth')).toBe(1_450); // then 5% of its requests are still bad
  });

  test('is undefined where the script ends first', () => {
    expect(of(steady('payments', 0, 21_000, 503), 'payments fails half', 'payments')).toBeUndefined();
  });

  test('is not asked of a route whose own trouble follows', () => {
    const asked = recoveries([], scenario).map(({ trouble, route }) => `${trouble}: ${route}`);
    expect(asked).not.toContain('reporting hangs: payments');
    expect(asked).toHaveLength(5);
  });
});
