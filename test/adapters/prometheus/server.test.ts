/** What the tools of Prometheus themselves say of an exposition that shows everything. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS } from '../../../src/observe/instruments.ts';
import { Prometheus, promtool } from '../../support/prometheus.ts';
import { fullRegistry } from './full.ts';

const all = Object.values(INSTRUMENTS);

/** The lines that a scrape has of each instrument. */
const shown = (text: string): number[] =>
  all.map((each) => {
    const suffix = each.kind === 'histogram' ? '_count' : '';
    return text.split('\n').filter((line) => line.startsWith(`${nameOf(each)}${suffix}{`)).length;
  });

describe('promtool check metrics', () => {
  test('has no complaint about an exposition that shows every instrument', { timeout: 180_000 }, async () => {
    const text = await (await fullRegistry()).metrics();
    expect(shown(text).every((lines) => lines > 0)).toBe(true);
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
  });

  test('would complain', () => {
    expect(promtool(['check', 'metrics'], '# TYPE x counter\nx 1\n').status).not.toBe(0);
  });
});

interface Target {
  readonly health: string;
  readonly lastError: string;
}

interface Result {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
}

describe.each([
  ['text', Registry.PROMETHEUS_CONTENT_TYPE],
  ['OpenMetrics', Registry.OPENMETRICS_CONTENT_TYPE],
])('a real Prometheus that is answered in %s', (_, contentType) => {
  let server: Server;
  let prometheus: Prometheus;
  let registry: Registry;

  beforeAll(async () => {
    registry = await fullRegistry();
    registry.setContentType(contentType as typeof Registry.PROMETHEUS_CONTENT_TYPE);
    server = createServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    prometheus = await Prometheus.scraping(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  }, 180_000);

  afterAll(async () => {
    await prometheus.stop();
    server.closeAllConnections();
    server.close();
  });

  test('scrapes it without an error, and knows every instrument by its name', {
    timeout: 60_000,
  }, async () => {
    // Names are known one by one while a scrape is read, and its target only when it is over.
    const { activeTargets } = await prometheus.until<{ activeTargets: Target[] }>(
      'targets',
      ({ activeTargets: [target] }) => target !== undefined && target.health !== 'unknown',
    );
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
    const known = await prometheus.until<string[]>('label/__name__/values', (names) => names.length > 10);
    const expected = all.map((each) => nameOf(each) + (each.kind === 'histogram' ? '_bucket' : ''));
    expect(known).toEqual(expect.arrayContaining(expected));
  });

  test('answers a query with the numbers', { timeout: 60_000 }, async () => {
    const { result } = await prometheus.until<Result>(
      'query?query=holdfast_calls_total{outcome="success"}',
      ({ result }) => result.length > 0,
    );
    expect(result).toMatchObject([
      { metric: { pipeline: 'shop', job: 'test' }, value: [expect.anything(), '3'] },
    ]);
  });

  test('knows types and help', { timeout: 60_000 }, async () => {
    // Of OpenMetrics a counter's metadata stand under its name without `_total`.
    const known = await prometheus.until<Record<string, { type: string; help: string }[]>>(
      'metadata',
      (metadata) => Object.keys(metadata).length >= all.length,
    );
    for (const each of all) {
      const name = nameOf(each);
      const [metadata] = known[name] ?? known[name.replace(/_total$/, '')] ?? [];
      expect(metadata, name).toMatchObject({ type: each.kind, help: each.help });
    }
  });
});
