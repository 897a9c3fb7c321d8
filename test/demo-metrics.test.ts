/** The demo's figures from metrics: read as Prometheus reads them; and the Prometheus it starts, which never outlives it. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { circuitBreaker, pipeline } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { VirtualClock } from 'holdfast/testing';
import { Registry } from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import { clientIncidents } from '../examples/demo/incidents.ts';
import type { PrometheusConfig, Sample } from '../examples/demo/messages.ts';
import { findPrometheus, meteredIncidents, seriesOf } from '../examples/demo/metrics.ts';
import { found } from './support/prometheus.ts';

describe('incidents by metrics', () => {
  test('are on the page of the gateway', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({
      consecutiveFailures: 1,
      window: { calls: 10 },
      minimumCalls: 10,
      openMs: 500,
    });
    const guard = pipeline({ name: 'reporting', clock }, breaker);
    const registry = new Registry();
    instrument([guard], { registry });
    expect(meteredIncidents(seriesOf(await registry.metrics()), 'reporting')).toMatchObject({ count: 0 });

    await guard.run(() => 'fine');
    await clock.advance(800);
    await guard.run(() => Promise.reject(new Error('down'))).catch(() => {});
    await clock.advance(2_000);
    await guard.run(() => 'fine');

    const series = seriesOf(await registry.metrics());
    expect(meteredIncidents(series, 'reporting')).toEqual({
      count: 1,
      timeToDetectMs: 800,
      timeToRecoverMs: 2_000,
    });
    expect(meteredIncidents(series, 'auth').timeToDetectMs).toBeUndefined();
  });
});

describe('incidents as clients see them', () => {
  const answer = (atMs: number, status: number, dueMs = atMs): Sample => ({
    ...{ route: 'reporting', lateMs: 0, status },
    ...{ dueMs, latencyMs: atMs - dueMs },
  });
  const of = (...samples: Sample[]) => clientIncidents(samples, 'reporting');

  test('last from the first refusal to the next success', () => {
    expect(
      of(answer(100, 200), answer(700, 504), answer(900, 503), answer(1_000, 503), answer(3_000, 200)),
    ).toEqual({
      count: 1,
      timeToDetectMs: 800,
      timeToRecoverMs: 2_100,
    });
  });

  test('are not over by what was under way when they began', () => {
    expect(of(answer(100, 200), answer(900, 503), answer(950, 200, 800)).timeToRecoverMs).toBeUndefined();
  });

  test('do not begin with what was under way when the last was over', () => {
    const late = of(answer(100, 200), answer(900, 503), answer(2_000, 200), answer(2_001, 503, 1_990));
    expect(late).toMatchObject({ count: 1 });
  });

  test('are told by the order of answers, and as a mean', () => {
    const two = [
      answer(3_000, 200),
      answer(4_000, 503),
      answer(4_500, 200),
      answer(100, 200),
      answer(900, 503),
    ];
    expect(of(...two)).toEqual({ count: 2, timeToDetectMs: 900, timeToRecoverMs: 1_300 });
  });

  test('are none where nothing is refused', () => {
    const none = { count: 0, timeToDetectMs: undefined, timeToRecoverMs: undefined };
    expect(of(answer(100, 200), answer(200, 502), { ...answer(300, 503), route: 'auth' })).toEqual(none);
  });
});

test('a Prometheus that is named and is none is an error, and one that is not there is none', () => {
  vi.stubEnv('HOLDFAST_PROMETHEUS', '/nowhere/prometheus');
  expect(findPrometheus).toThrow('HOLDFAST_PROMETHEUS names /nowhere/prometheus, which cannot be run');
  vi.unstubAllEnvs();
  vi.stubEnv('PATH', '/nowhere');
  expect(findPrometheus()).toBeUndefined();
  vi.unstubAllEnvs();
});

test.each([
  ['whoever started it goes', (child: ChildProcess) => child.disconnect()],
  ['it is told to', (child: ChildProcess) => child.kill('SIGTERM')],
])('the Prometheus ends when %s', { timeout: 180_000 }, async (_, end) => {
  const gateway = createServer((_request, response) => void response.end('a_metric 1\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(gateway, 'listening');
  const gatewayPort = (gateway.address() as AddressInfo).port;
  const orders: PrometheusConfig = { binary: found('prometheus'), port: 0, gatewayPort };
  const child = fork('examples/demo/prometheus.ts', [JSON.stringify(orders)]);
  const [ready] = (await once(child, 'message')) as [{ port: number }];

  const url = `http://127.0.0.1:${ready.port}`;
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
  end(child);
  await once(child, 'exit');
  await vi.waitUntil(
    () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    { timeout: 3_000 },
  );
  gateway.closeAllConnections();
  gateway.close();
});
