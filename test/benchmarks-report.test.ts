/** What the benchmark says of what it has measured. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duels } from '../benchmarks/duels.ts';
import { markdown, tally } from '../benchmarks/markdown.ts';
import { judged } from '../benchmarks/report.ts';
import { slope } from '../benchmarks/slope.ts';
import { flat, names, resultWith } from './support/benchmark.ts';

const rowOf = (text: string, ...words: string[]): string =>
  text.split('\n').find((line) => words.every((word) => line.includes(`| ${word} `))) ?? '';
const cells = (row: string): string[] =>
  row
    .split('|')
    .map((cell) => cell.trim())
    .slice(1, -1);

describe('the tables', () => {
  test('have a row for each candidate, and one for each pair, with its bar', () => {
    const text = markdown(flat);
    for (const name of names) expect(rowOf(text, name).endsWith(' 1,000 |'), name).toBe(true);
    for (const { row, of, atMost } of duels) {
      const said = cells(
        text.split('\n').find((line) => line.startsWith(`| ${row} `) && line.includes(` ${of} |`)) ?? '',
      );
      expect(said.slice(2, 3), `${row} of ${of}`).toEqual(['1.00']);
      const bar = atMost === undefined ? ['', ''] : [`<= ${atMost}`, atMost >= 1 ? 'met' : 'NOT MET'];
      expect(said.slice(4, 6), `${row} of ${of}`).toEqual(bar);
    }
  });

  test('pair only rows that there are, and each pair once', () => {
    for (const { row, of } of duels) expect([names.includes(row), names.includes(of)]).toEqual([true, true]);
    expect(new Set(duels.map(({ row, of }) => `${row} / ${of}`)).size).toBe(duels.length);
  });

  test('say how many bars are met', () => {
    const bars = [...flat.duels, ...flat.figures].filter(({ met }) => met !== undefined);
    const met = bars.filter((bar) => bar.met).length;
    expect(markdown(flat)).toContain(`\n${met} of ${bars.length} bars are met.\n`);
    expect(tally([{ met: true }, { met: false }, {}])).toBe('1 of 2 bars are met.');
  });

  test('weigh the floor in timers, and growth in nanoseconds a gate', () => {
    const costs: Record<string, number> = {
      'bare await fn()': 50,
      'bare, and a timer set and cleared': 150,
      'by hand, tuned: four': 160,
    };
    const depth = (name: string): number => Number(/(\d+) fused/.exec(name)?.[1] ?? 0);
    const text = markdown(resultWith((name) => costs[name] ?? 200 + 10 * depth(name)));
    expect(cells(rowOf(text, 'by hand, tuned: four, beyond bare')).slice(1, 2)).toEqual(['1.10']);
    // The rounds differ by a factor of three, and the spread of two has the later as its middle.
    const growth = cells(rowOf(text, 'holdfast: bulkheads, from 1 to 16 fused'));
    expect(growth).toEqual([expect.any(String), '30.00', '10.00 - 30.00', 'ns a gate', '<= 25', 'NOT MET']);
    const bend = (text: string): string[] =>
      cells(rowOf(text, 'holdfast: bulkheads, one of the last 8 of 16'));
    expect(bend(text).slice(1)).toEqual(['1.00', '1.00 - 1.00', 'of one of the first 8', '<= 1.5', 'met']);
    // Quadratic, from 2: 24 for one of the last, 9 for one of the first.
    expect(bend(markdown(resultWith((name) => depth(name) ** 2 + 1))).at(1)).toBe('2.67');
  });

  test('judge listeners of ours only', () => {
    const listeners = ['holdfast: it', 'other: it'].map((name) => ({ name, added: 2, left: 0 }));
    const { figures } = resultWith(() => 100, { listeners });
    const met = figures.filter(({ what }) => what.endsWith(': it')).map((figure) => figure.met);
    expect(met).toEqual([false, true, undefined, undefined]);
  });
});

test('a bar is met by what is just as large, and not by what is no number', () => {
  const bar = { atMost: 2 };
  expect([2, 2.01, Number.NaN].map((measured) => judged(bar, measured).met)).toEqual([true, false, false]);
  expect(judged(bar, { median: 1, p10: 0, p90: 9 }).met).toBe(true);
  expect(judged({}, 1)).toEqual({});
});

test('the slope of points on a line is that of the line', () => {
  const whole = fc.integer({ min: -1_000, max: 1_000 });
  const xs = [1, 2, 4, 8, 16];
  fc.assert(
    fc.property(whole, whole, (start, steepness) => {
      const ys = xs.map((x) => start + steepness * x);
      expect(slope(xs, ys)).toBeCloseTo(steepness);
    }),
  );
});
