/**
 * Holds the option tables of the docs against the sources: each table names the options of its interface, the
 * inherited ones included, and every number of a default that a doc comment states stands in the table too.
 */

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

interface Option {
  readonly name: string;
  /** What its doc comment says after "Default:"; empty where it says nothing. */
  readonly default: string;
}

function interfaceOf(file: string, name: string): Option[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name);
  if (found === undefined) throw new Error(`${file} has no interface ${name}`);
  return found.members.flatMap((member) => {
    if (!ts.isPropertySignature(member)) return [];
    const [doc] = ts.getJSDocCommentsAndTags(member);
    const text = doc?.getText(source).replace(/\n\s*\*/g, ' ') ?? '';
    return [{ name: member.name.getText(source), default: text.split('Default:')[1] ?? '' }];
  });
}

/** The rows of the first table of the page whose header begins with `heading`: the option, and its default. */
function tableOf(page: string, heading: string): Option[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  const cellsOf = (line: string) => line.split('|').map((cell) => cell.trim());
  const start = lines.findIndex((line) => cellsOf(line)[1] === heading);
  if (start < 0) throw new Error(`${page} has no table headed '${heading}'`);
  const rows = lines.slice(start + 2, lines.indexOf('', start));
  return rows.map((row) => {
    const [, name = '', , stated = ''] = cellsOf(row);
    return { name: name.replaceAll('`', ''), default: stated };
  });
}

const nameOption = () => interfaceOf('src/core/built-in.ts', 'NameOption');
const commonOptions = () => [...nameOption(), ...interfaceOf('src/core/built-in.ts', 'CommonOptions')];
const httpOptions = () => interfaceOf('src/adapters/http/client.ts', 'HttpOptions');
const numbers = (text: string): string[] => text.match(/\d[\d_.]*\d|\d/g) ?? [];

const tables: [page: string, heading: string, file: string, name: string, inherited: () => Option[]][] = [
  ['keyed', 'Option', '../pipeline/keyed.ts', 'KeyedOptions', () => []],
  ['logging', 'Option', '../observe/logging/log-events.ts', 'LogOptions', () => []],
  ['fetch', 'Option', '../adapters/fetch/fetch.ts', 'FetchOptions', httpOptions],
  ['opentelemetry', 'Option', '../adapters/opentelemetry/instrument.ts', 'OpenTelemetryOptions', () => []],
  ['prometheus', 'Option', '../adapters/prometheus/instrument.ts', 'PrometheusOptions', () => []],
  ['postgres', 'Option', '../adapters/postgres/resilient-pool.ts', 'PostgresOptions', () => []],
  ['postgres', 'Option of `query`', '../adapters/postgres/resilient-pool.ts', 'StatementOptions', () => []],
  [
    'postgres',
    'Option of `transaction`',
    '../adapters/postgres/resilient-pool.ts',
    'TransactionOptions',
    () => [],
  ],
  ['retry', 'Option', 'retry/retry.ts', 'RetryOptions', commonOptions],
  ['retry', 'Option of `retryBudget`', 'retry/budget.ts', 'RetryBudgetOptions', () => []],
  ['circuit-breaker', 'Option', 'circuit-breaker/options.ts', 'CircuitBreakerOptions', commonOptions],
  ['bulkhead', 'Option', 'bulkhead/bulkhead.ts', 'BulkheadOptions', commonOptions],
  ['timeout', 'Option', 'timeout.ts', 'TimeoutOptions', commonOptions],
  ['fallback', 'Option', 'fallback.ts', 'FallbackOptions', nameOption],
];

describe.each(tables)('docs/%s.md: the table headed "%s"', (page, heading, file, name, inherited) => {
  const options = [...interfaceOf(`src/policies/${file}`, name), ...inherited()];
  const rows = tableOf(`docs/${page}.md`, heading);

  test(`has a row for each of ${name}`, () => {
    expect(rows.map((row) => row.name).sort()).toEqual(options.map((option) => option.name).sort());
  });

  test('states the defaults of the sources', () => {
    for (const option of options) {
      const row = rows.find((each) => each.name === option.name);
      const missing = numbers(option.default).filter((each) => !numbers(row?.default ?? '').includes(each));
      expect({ option: option.name, missing }).toEqual({ option: option.name, missing: [] });
    }
  });
});
