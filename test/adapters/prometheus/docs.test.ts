/** The table of docs/prometheus.md is that of the code: with HOLDFAST_UPDATE=1 it is written anew. */
import { expect, test } from 'vitest';
import { nameOf } from '../../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS, type Instrument } from '../../../src/observe/instruments.ts';
import { agree, table } from '../../support/page.ts';

const code = (text: string): string => `\`${text}\``;

function row(instrument: Instrument): string[] {
  const { kind, perPolicy, labels, help } = instrument;
  const own = Object.entries(labels).map(
    ([label, values]) => `${code(label)}: ${values.map(code).join(', ')}`,
  );
  const among = ['`pipeline`', ...(perPolicy ? ['`policy`'] : []), ...own];
  return [code(nameOf(instrument)), kind, among.join('; '), `${help}.`];
}

test('docs/prometheus.md has every metric, with its type, its labels and their values', () => {
  const measured = table(['Metric', 'Type', 'Labels', 'What it counts'], Object.values(INSTRUMENTS).map(row));
  const update = process.env.HOLDFAST_UPDATE === '1';
  expect(agree('metrics', measured, update, 'docs/prometheus.md')).toBeUndefined();
});

test('every metric has a name of its own, as Prometheus has them', () => {
  const names = Object.values(INSTRUMENTS).map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  for (const [i, { kind, unit }] of Object.values(INSTRUMENTS).entries()) {
    expect(names[i]).toMatch(/^holdfast_[a-z_]+$/);
    expect(names[i]!.endsWith('_total')).toBe(kind === 'counter');
    expect(/_seconds(_total)?$/.test(names[i]!)).toBe(unit === 's');
  }
});
