/** The picture of a result, and what is committed of the last one. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chart, GROUPS } from '../benchmarks/chart.ts';
import { markdown } from '../benchmarks/markdown.ts';
import type { Result } from '../benchmarks/report.ts';
import { inserted } from '../benchmarks/save.ts';
import { flat, resultWith } from './support/benchmark.ts';

describe('the picture', () => {
  test('has a bar for each row of its groups, the longest of each as long as the others', () => {
    const svg = chart(resultWith((name) => name.length));
    const widths = [...svg.matchAll(/<rect class="(?:ours|peer|hand)"[^>]* width="([\d.]+)"/g)].map(Number);
    expect(widths).toHaveLength(GROUPS.reduce((sum, { bars }) => sum + Object.keys(bars).length, 0));
    expect(svg.match(/ width="230.0"/g)?.length).toBeGreaterThanOrEqual(GROUPS.length);
    expect(svg.match(/class="ours"/g)).toHaveLength(GROUPS.length);
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  test('is well-formed: every tag is closed, nothing lies outside', () => {
    const svg = chart(flat);
    const open = svg.match(/<[a-z]+(?=[\s>])/g)?.length ?? 0;
    const closed = svg.match(/<\/[a-z]+>|\/>/g)?.length ?? 0;
    expect(closed).toBe(open);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number) as [number, number, number];
    for (const [, x, y] of svg.matchAll(/ x="([\d.]+)" y="([\d.]+)"/g)) {
      expect(Number(x)).toBeLessThan(width);
      expect(Number(y)).toBeLessThan(height);
    }
  });
});

describe('what is kept', () => {
  const saved = JSON.parse(readFileSync('benchmarks/results/node-24.json', 'utf8')) as Result;

  test('the page shows the tables of the last saved result, and the picture is of it', () => {
    const tables = markdown(saved);
    expect(readFileSync('benchmarks/results/node-24.md', 'utf8')).toBe(tables);
    const page = readFileSync('docs/performance.md', 'utf8');
    expect(inserted(page, tables)).toBe(page);
    expect(readFileSync('benchmarks/results/node-24.svg', 'utf8')).toBe(chart(saved));
    expect(page).toContain('](../benchmarks/results/node-24.svg)');
  });

  test('a page without the marks is not touched', () => {
    expect(() => inserted('# A page', 'tables')).toThrow('the page has no');
  });
});
