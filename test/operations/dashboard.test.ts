/** The dashboard queries nothing that does not exist, and each of its queries has an answer from a real Prometheus. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS } from '../../src/observe/instruments.ts';
import { fullTraffic } from '../adapters/prometheus/full.ts';
import { Prometheus } from '../support/prometheus.ts';
import { filledIn, panels, queries, templating } from './dashboard.ts';
import { faultsIn, metrics, namesIn } from './metrics-in.ts';

test.each(queries)('$title: uses what exists', ({ expr }) => {
  expect(namesIn(expr)).not.toEqual([]);
  expect(faultsIn(expr)).toEqual([]);
});

test('the variables query what exists, and no query uses a variable that is not there', () => {
  for (const { definition = '' } of templating.list) expect(faultsIn(definition)).toEqual([]);
  const known = [...templating.list.map(({ name }) => name), '__rate_interval', '__range'];
  for (const { expr } of queries)
    for (const [, variable] of expr.matchAll(/\$(\w+)/g)) expect(known).toContain(variable);
});

test('every metric stands in a panel', () => {
  const shown = new Set(queries.flatMap(({ expr }) => namesIn(expr).map((name) => metrics.get(name))));
  expect(
    Object.values(INSTRUMENTS)
      .filter((each) => !shown.has(each))
      .map(nameOf),
  ).toEqual([]);
});

test('no panel lies on another, or outside', () => {
  const taken = new Set<string>();
  for (const { gridPos, title } of panels) {
    const { x, y, w, h } = gridPos;
    expect(x + w, title).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        expect(taken.has(`${column} ${line}`), title).toBe(false);
        taken.add(`${column} ${line}`);
      }
  }
});

describe('the reading of queries', () => {
  test.each([
    ['holdfast_call_total', 'there is no holdfast_call_total'],
    ['holdfast_calls_total{result="success"}', 'holdfast_calls_total has no label result'],
    ['holdfast_calls_total{outcome=~"success|error"}', 'holdfast_calls_total has no outcome="error"'],
    ['sum by (pipeline, policy) (holdfast_calls_total)', 'nothing in it has a label policy'],
  ])('finds what is wrong with %s', (query, fault) => {
    expect(faultsIn(query)).toEqual([fault]);
  });
});

describe('a real Prometheus', () => {
  let server: Server;
  let prometheus: Prometheus;
  let again: () => Promise<void>;

  beforeAll(async () => {
    const { registry, play } = fullTraffic();
    again = play;
    await play();
    server = createServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    prometheus = await Prometheus.scraping(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    await prometheus.until<Answer>('query?query=holdfast_calls_total', ({ result }) => result.length > 0);
    // What rates and increases are taken of happens between two scrapes.
    await again();
  }, 180_000);

  afterAll(async () => {
    await prometheus.stop();
    server.closeAllConnections();
    server.close();
  });

  test.each(queries)('has a number for: $title', { timeout: 30_000 }, async ({ expr }) => {
    const query = filledIn(expr, '10s', '10s');
    expect(query).not.toContain('$');
    const isNumber = ({ value }: Answer['result'][number]) => Number.isFinite(Number(value[1]));
    await prometheus.until<Answer>(`query?query=${encodeURIComponent(query)}`, ({ result }) =>
      result.some(isNumber),
    );
  });
});

interface Answer {
  readonly result: readonly { readonly value: [number, string] }[];
}
