import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { execute } from '../runtimes/execute.ts';
import { agree } from '../support/page.ts';
import { changedSince } from './changed.ts';
import { summary } from './report.ts';
import {
  compare,
  hashOf,
  type Measured,
  type Mutant,
  mutantsFrom,
  type Survivor,
  scoreOf,
  squeezed,
  tally,
} from './results.ts';

const SOURCES = { 'a.ts': 'one\ntwo\n', 'b.ts': 'three\n', 'c.ts': 'four\n' };
const NONE = { killed: 0, timeout: 0, survived: 0, uncovered: 0, invalid: 0 };

/** A full run of ten minutes and a hundred mutants, in which the files held what is said. */
const measured = (texts: Readonly<Record<string, string>>, mutants = 40): Measured => ({
  ...{ date: '2026-01-01', node: 'v24', minutes: 10, score: 100, mutants: 100 },
  ...NONE,
  files: Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [file, { ...NONE, mutants, sha256: hashOf(text) }]),
  ),
});

describe('a bounded run', () => {
  test('takes what is not as it was measured, and what was not there', () => {
    const { 'c.ts': _, ...before } = { ...SOURCES, 'b.ts': 'other\n' };
    const { taken, left } = changedSince(measured(before), SOURCES, 10);
    expect([...taken].sort()).toEqual(['b.ts', 'c.ts']);
    expect(left).toEqual([]);
  });

  test('takes nothing where nothing has changed', () => {
    expect(changedSince(measured(SOURCES), SOURCES, 10)).toEqual({ taken: [], left: [] });
  });

  test('leaves out what the time does not allow, by chance, and takes one file in any case', () => {
    const before = measured({ 'a.ts': '', 'b.ts': '', 'c.ts': '' });
    const places =
      (...order: number[]) =>
      () =>
        order.shift() as number;
    expect(changedSince(before, SOURCES, 9, places(3, 2, 1))).toEqual({
      taken: ['c.ts', 'b.ts'],
      left: ['a.ts'],
    });
    expect(changedSince(before, SOURCES, 1, places(2, 1, 3))).toEqual({
      taken: ['b.ts'],
      left: ['a.ts', 'c.ts'],
    });
  });
});

describe('the mutants of a report', () => {
  const at = (line: number, column: number, endLine: number, endColumn: number) => ({
    start: { line, column },
    end: { line: endLine, column: endColumn },
  });
  const result = { status: 'Survived', replacement: 'false' };

  test('are named by the lines that they change, wherever those stand', () => {
    const source = 'first;\n  if (a &&\n    b) c();\n';
    const [mutant] = mutantsFrom({
      files: { 'a.ts': { source, mutants: [{ ...result, location: at(2, 7, 3, 6) }] } },
    });
    expect(mutant).toEqual({
      file: 'a.ts',
      was: 'if (a && b) c();',
      mutant: 'if (false) c();',
      fate: 'survived',
    });
  });

  test('have a fate each: whoever waits in vain ran out of time', () => {
    const fates = [
      { status: 'Killed', statusReason: 'expected 1 to be 2' },
      { status: 'Killed', statusReason: 'Test timed out in 3000ms.' },
      { status: 'Timeout' },
      { status: 'NoCoverage' },
      { status: 'RuntimeError' },
    ].map((how) => ({ ...result, ...how, location: at(1, 1, 1, 2) }));
    const mutants = mutantsFrom({ files: { 'a.ts': { source: 'x', mutants: fates } } });
    expect(mutants.map(({ fate }) => fate)).toEqual(['killed', 'timeout', 'timeout', 'uncovered', 'invalid']);
    const counts = tally(mutants);
    expect(counts).toEqual({ mutants: 5, killed: 1, timeout: 2, survived: 0, uncovered: 1, invalid: 1 });
    expect(scoreOf(counts)).toBe(75);
  });
});

describe('the list of survivors', () => {
  const change = { file: 'a.ts', was: 'a', mutant: 'b' };
  const entry: Survivor = { ...change, why: 'it is the same' };
  const mutant = (fate: Mutant['fate']): Mutant => ({ ...change, fate });

  test('explains as many as it names', () => {
    const twice = [mutant('survived'), mutant('uncovered')];
    expect(compare(twice, [entry, entry])).toEqual({ unexplained: [], outdated: [] });
    expect(compare(twice, [entry]).unexplained).toEqual([mutant('uncovered')]);
  });

  test('explains nothing without a reason', () => {
    expect(compare([mutant('survived')], [{ ...entry, why: '' }]).unexplained).toHaveLength(1);
  });

  test('is out of date where one that it names is dead, but not where it ran out of time', () => {
    expect(compare([mutant('killed')], [entry]).outdated).toEqual([entry]);
    expect(compare([mutant('timeout')], [entry]).outdated).toEqual([]);
  });

  test('is not asked about files that were not run', () => {
    expect(compare([{ ...mutant('killed'), file: 'b.ts' }], [entry]).outdated).toEqual([]);
  });

  test('says why of each, and names lines that are there', () => {
    const survivors = JSON.parse(readFileSync('test/mutants/survivors.json', 'utf8')) as Survivor[];
    expect(survivors.length).toBeGreaterThan(0);
    for (const { file, was, why } of survivors) {
      expect(squeezed(readFileSync(file, 'utf8'))).toContain(was);
      expect(why).toMatch(/^[A-Z].{10,}\.$/);
    }
  });
});

test('the page has a line for each folder, and one for all', () => {
  const counts = { ...NONE, mutants: 10, killed: 8, timeout: 1, survived: 1, sha256: '' };
  const whole = { ...measured({}), ...NONE, mutants: 30, killed: 24, timeout: 3, survived: 3 };
  const files = { 'src/a/x.ts': counts, 'src/a/y.ts': counts, 'src/b/z.ts': counts };
  const lines = summary({ ...whole, files })
    .split('\n')
    .slice(2);
  expect(
    lines.map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    ),
  ).toEqual([
    ['src/a', '20', '16', '2', '2', '90.00 %'],
    ['src/b', '10', '8', '1', '1', '90.00 %'],
    ['all', '30', '24', '3', '3', '90.00 %'],
  ]);
});

describe('docs/correctness.md', () => {
  const measured = JSON.parse(readFileSync('test/mutants/measured.json', 'utf8')) as Measured;

  test('has the table of the last full run', () => {
    expect(agree('mutants', summary(measured), false)).toBeUndefined();
  });

  test('says how many of the survivors are listed no more', () => {
    const listed = (JSON.parse(readFileSync('test/mutants/survivors.json', 'utf8')) as Survivor[]).length;
    const words = 'none one two three four five six seven eight nine ten eleven twelve'.split(' ');
    const page = squeezed(readFileSync('docs/correctness.md', 'utf8'));
    const [, said = 'none'] = /but for (\w+), which tests written since then catch/.exec(page) ?? [];
    expect(said).toBe(words[measured.survived + measured.uncovered - listed]);
  });
});

test.each([
  ['--chnged', /^Unknown option '--chnged'; allowed are --changed, --help$/],
  ['src/core/typo.ts', /^'src\/core\/typo\.ts' is no file of src\/.*, into which faults are planted$/],
])(
  'the command answers %s with one line',
  async (argument, line) => {
    const { code, stdout, stderr } = await execute(process.execPath, ['test/mutants/run.ts', argument], {
      cwd: '.',
      limitMs: 30_000,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd()).toMatch(line);
  },
  60_000,
);
