/** A service under load: whether requests are counted rightly, and whether its processes end. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ratesFrom } from '../benchmarks/load/bench.ts';
import { NAMES, type Name, PLAIN } from '../benchmarks/load/candidates.ts';
import { during, start } from '../benchmarks/load/processes.ts';
import { ROUTES } from '../benchmarks/load/protocol.ts';
import { type LoadResult, resultOf } from '../benchmarks/load/report.ts';
import {
  answeredIn,
  expectGood,
  latencies,
  type Request,
  rateEach,
  sentIn,
  shareGood,
  shareWithin,
} from '../benchmarks/load/requests.ts';
import { inTurns, type Sample, type Samples } from '../benchmarks/load/rounds.ts';
import { loadMarkdown } from '../benchmarks/load/tables.ts';
import { describeMachine } from '../benchmarks/machine.ts';
import { inserted } from '../benchmarks/save.ts';

const answered = (sentAt: number, ms: number, status = 200): Request => ({ sentAt, ms, status });
const unanswered = (sentAt: number): Request => ({ sentAt, ms: undefined, status: undefined });

describe('requests', () => {
  const requests = [answered(0, 10), answered(5, 100), answered(10, 101, 503), unanswered(20)];

  test('are sent, and answered, in a span that its end is no part of', () => {
    expect(sentIn(requests, [5, 20])).toEqual(requests.slice(1, 3));
    expect(answeredIn(requests, [10, 105])).toEqual(requests.slice(0, 1));
    expect(answeredIn(requests, [10, 112])).toEqual(requests.slice(0, 3));
  });

  test('that nobody answered count among those that were not answered in time', () => {
    expect(shareWithin(requests, 100)).toBe(0.5);
    expect(shareWithin([unanswered(0)], 100)).toBe(0);
  });

  test('that nobody answered have no latency', () => {
    expect(latencies([unanswered(0), ...Array.from({ length: 101 }, (_, ms) => answered(0, ms))])).toEqual({
      p50: 50,
      p99: 99,
    });
  });

  test('are to be answered well, or not yet', () => {
    expect(() => expectGood([answered(0, 1), unanswered(0)], 'a service')).not.toThrow();
    expect(() => expectGood(requests, 'a service')).toThrow(/^a service: answered 503/);
    expect(() => expectGood([unanswered(0)], 'a service')).toThrow(/^a service: answered nothing/);
    expect(shareGood(requests)).toBeCloseTo(2 / 3);
  });

  test('are spread over connections evenly, at least one a second on each', () => {
    expect(rateEach(15_000, 50)).toBe(300);
    expect(rateEach(10, 50)).toBe(1);
  });
});

describe('rounds', () => {
  test('begin with another each time, and go the other way', async () => {
    const order: Name[] = [];
    const names = ['plain', 'holdfast', 'opossum'] as const;
    const samples = await inTurns(names, 3, async (name) => ({ turn: order.push(name) }));
    expect(order).toEqual([
      ...['plain', 'holdfast', 'opossum'],
      ...['plain', 'opossum', 'holdfast'],
      ...['opossum', 'plain', 'holdfast'],
    ]);
    expect(samples.get('opossum')).toEqual([{ turn: 3 }, { turn: 5 }, { turn: 7 }]);
  });

  test.each([
    [40_000, { highest: 40_000, fixed: 15_000, hang: 7_500 }],
    [10_000, { highest: 10_000, fixed: 8_000, hang: 4_000 }],
  ])('are driven at a rate that plain can hold, which answers %i a second', (perSecond, rates) => {
    expect(ratesFrom(new Map([[PLAIN, [{ perSecond }]]]))).toEqual(rates);
  });
});

describe('processes', () => {
  const statusOf = async (port: number, route: string) =>
    (await fetch(`http://127.0.0.1:${port}${route}`)).status;

  test('a service answers on each route while its dependency does, and on the other one always', async () => {
    const [items, neighbour] = ROUTES;
    await during([start('dependency'), start('dependency')], (dependency, quiet) =>
      during([start('service', PLAIN, `${dependency.port}`, `${quiet.port}`)], async (service) => {
        expect(await statusOf(service.port, items)).toBe(200);
        await dependency.ask('hang');
        const late = statusOf(service.port, items);
        expect(await statusOf(service.port, neighbour)).toBe(200);
        await dependency.ask('recover');
        expect(await late).toBe(200);
        expect(await service.ask('watch')).toBe(true);
        expect((await service.ask('usage')).cpuMs).toBeGreaterThan(0);
        const { heap, rss } = await service.ask('memory');
        expect(rss).toBeGreaterThan(heap);
      }),
    );
  });

  test('end, whatever comes of what they are for', async () => {
    const ports: number[] = [];
    const failing = during([start('dependency'), start('dependency')], async (...both) => {
      ports.push(...both.map(({ port }) => port));
      throw new Error('of the test');
    });
    await expect(failing).rejects.toThrow('of the test');
    expect(ports).toHaveLength(2);
    for (const port of ports) await expect(statusOf(port, '/')).rejects.toThrow('fetch failed');
  });
});

describe('the result', () => {
  const samplesOf = (its: (name: Name, round: number) => Sample): Samples =>
    new Map(NAMES.map((name) => [name, [0, 1, 2].map((round) => its(name, round))]));
  const isOurs = (name: Name) => name === 'holdfast';

  /** In which Holdfast is to plain as `ratio` in each round, while the machine is thrice as slow in each. */
  function resultWith(ratio: number): LoadResult {
    const well = samplesOf((name, round) => {
      const slow = 3 ** round;
      const [more, less] = isOurs(name) ? [slow * ratio, slow / ratio] : [slow, slow];
      return { perSecond: 1_000 / more, p50: more, p99: more, cpuMicroseconds: less };
    });
    const hang = samplesOf((name) => ({
      cpuMicroseconds: name === PLAIN ? undefined : 40,
      quietBefore: 1,
      quietDuring: ratio,
    }));
    const effort = {
      full: { rounds: 3, warmMs: 1, ms: 1 },
      fixed: { rounds: 3, warmMs: 1, ms: 1 },
      hang: { rounds: 3, warmUp: { warmMs: 1, ms: 1 }, beforeMs: 1, hangMs: 10_000 },
    };
    const rates = { highest: 40_000, fixed: 15_000, hang: 7_500 };
    return resultOf(describeMachine(), effort, rates, { full: well, fixed: well, hang });
  }

  test('compares within a round, and says on which side of its bar a ratio is', () => {
    expect(resultWith(1.02).figures.map(({ met }) => met)).toEqual([true, true, true]);
    expect(resultWith(1.06).figures.map(({ met }) => met)).toEqual([false, false, false]);
    const [throughput, p99] = resultWith(2).figures;
    expect(throughput).toMatchObject({ measured: { p10: 0.5, median: 0.5, p90: 0.5 }, atLeast: 0.97 });
    expect(p99).toMatchObject({ measured: { p10: 2, median: 2, p90: 2 }, atMost: 1.05 });
    expect(loadMarkdown(resultWith(2))).toMatch(/requests a second at full load .* >= 0.97 \| NOT MET \|/);
  });

  test('leaves empty what there was nothing of', () => {
    const hanging = resultWith(1).tables[2]!;
    const column = hanging.columns.findIndex(({ head }) => head === 'CPU µs each rejected');
    expect(hanging.rows.find(({ name }) => name === PLAIN)?.cells[column]).toBeNull();
    expect(hanging.rows.find(({ name }) => isOurs(name))?.cells[column]).toMatchObject({ median: 40 });
  });

  test('comes back from its data as the same tables', () => {
    const result = resultWith(1);
    expect(loadMarkdown(JSON.parse(JSON.stringify(result)))).toBe(loadMarkdown(result));
  });

  test('is shown on the page as it was last saved', () => {
    const saved = JSON.parse(readFileSync('benchmarks/results/load-node-24.json', 'utf8')) as LoadResult;
    const tables = loadMarkdown(saved);
    expect(readFileSync('benchmarks/results/load-node-24.md', 'utf8')).toBe(tables);
    const page = readFileSync('docs/performance.md', 'utf8');
    expect(inserted(page, tables, 'bench:load')).toBe(page);
  });
});
