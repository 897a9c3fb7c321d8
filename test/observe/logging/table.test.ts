/** Holds the tables of docs/logging.md to what is written: each event, its level, its fields. */
import { readFileSync } from 'node:fs';
import { keyed, pipeline } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { COMMON_FIELDS, LINES, type LogEvent } from '../../../src/observe/logging/lines.ts';
import { watch } from '../../support/spies.ts';
import { causes, Log, linesFor } from './support.ts';

/** The cells of the table of the page whose first heading this is. */
function table(heading: string): string[][] {
  const lines = readFileSync('docs/logging.md', 'utf8').split('\n');
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const start = lines.findIndex((line) => cells(line)[0] === heading);
  if (start < 0) throw new Error(`there is no table headed '${heading}'`);
  return lines.slice(start + 2, lines.indexOf('', start)).map(cells);
}

const names = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const documented = table('Event').map(([event, level, fields]) => ({
  event: names(event)[0],
  level,
  fields: names(fields),
}));

test('the page lists every event, with its level and its fields', () => {
  const written = Object.entries(LINES).map(([event, { level, fields }]) => ({ event, level, fields }));
  expect(documented).toEqual(written);
});

test('the page says of each field what it means, and of no other', () => {
  const written = [...COMMON_FIELDS, ...Object.values(LINES).flatMap(({ fields }) => fields)];
  const explained = table('Field').flatMap(([field]) => names(field));
  expect(explained.sort()).toEqual([...new Set(written)].sort());
});

describe('each event has a line with all the fields of the table, and no other', () => {
  const common: readonly string[] = COMMON_FIELDS;
  const fieldsIn = (lines: readonly { readonly fields: object }[]): string[] =>
    [...new Set(lines.flatMap(({ fields }) => Object.keys(fields)))].filter((name) => !common.includes(name));

  test.each(Object.keys(causes) as (keyof typeof causes)[])('%s', async (event) => {
    const { fields } = LINES[`holdfast.${event}`];
    expect(fieldsIn(await linesFor(event, { includeErrors: true })).sort()).toEqual([...fields].sort());
  });

  test('keyed.overflow', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const hosts = keyed((name) => pipeline({ name, clock }), { max: 1, clock });
    logEvents([hosts], log, { clock });
    for (const key of ['a', 'b']) watch(hosts.run(key, () => new Promise(() => {})));
    await clock.advance(1_000);
    expect(fieldsIn(log.lines)).toEqual(LINES['holdfast.keyed.overflow'].fields);
  });

  test('there is a script for each of them', () => {
    const scripts = [...Object.keys(causes), 'keyed.overflow'].map(
      (event) => `holdfast.${event}` as LogEvent,
    );
    expect(scripts.sort()).toEqual(Object.keys(LINES).sort());
  });
});
