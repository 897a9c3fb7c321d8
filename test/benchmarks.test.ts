/** The benchmark's own honesty: what it times does its job, and what it says can be read. No time is judged here. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bytesPerCall } from '../benchmarks/allocation.ts';
import type { Candidate } from '../benchmarks/candidates/candidate.ts';
import { candidates, duels } from '../benchmarks/candidates/index.ts';
import { complaints } from '../benchmarks/check.ts';
import { describeMachine } from '../benchmarks/machine.ts';
import { measure, ratio, spread } from '../benchmarks/measure.ts';
import { markdown, type Result, resultOf } from '../benchmarks/report.ts';
import { inserted } from '../benchmarks/save.ts';
import { stage } from '../benchmarks/stage.ts';

const candidateNamed = (name: string): Candidate => {
  const found = candidates.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no row '${name}'`);
  return found;
};

describe('every candidate does the job that its row says', () => {
  test.concurrent.each(candidates)('$name', async (candidate) => {
    expect(await complaints(candidate)).toEqual([]);
  });
});

describe('the check of candidates', () => {
  const bare = candidateNamed('bare await fn()');
  const opossum = candidateNamed('opossum: breaker with timeout and capacity');

  test('complains of a candidate that lacks the policies of its row', async () => {
    const parts = ['retry', 'breaker', 'timeout', 'bulkhead'] as const;
    expect(await complaints({ ...bare, name: 'nothing', parts })).toEqual([
      'nothing: does not do this: tries again',
      'nothing: does not do this: opens, and closes again',
      'nothing: does not do this: half-open, lets one call through',
      'nothing: does not do this: rejects what is too much',
      'nothing: does not do this: gives up in time',
      'nothing: does not do this: keeps the place of work that timed out',
    ]);
  });

  test('complains of a candidate that changes values and errors', async () => {
    const build: Candidate['build'] = (work) => ({
      call: () =>
        work().then(
          () => 'changed',
          () => 'swallowed',
        ),
    });
    expect(await complaints({ ...bare, build })).toEqual([
      'bare await fn(): does not do this: passes the value on',
      'bare await fn(): does not do this: passes the error on',
    ]);
  });

  test('complains of a lack that is none, and of one that no check knows', async () => {
    const lacks = { ...opossum.lacks, 'gives up in time': 'never gives up', 'makes coffee': 'makes none' };
    expect(await complaints({ ...opossum, name: 'it', lacks })).toEqual([
      "it: no check is called 'makes coffee'",
      'it: says that it does not do this, and does: gives up in time',
    ]);
  });
});

describe('the measuring', () => {
  test('gives each round of each candidate a time, and of those the rows and ratios of a table', async () => {
    const all = await Promise.all(candidates.map(stage));
    const effort = { rounds: 3, batchMs: 0.05, warmUpMs: 0 };
    const times = await measure(all, effort);
    for (const { name } of candidates) {
      expect(times.get(name), name).toHaveLength(3);
      expect(Math.min(...(times.get(name) ?? [])), name).toBeGreaterThan(0);
    }
    const bytes = new Map(candidates.map(({ name }) => [name, 100]));
    const result = resultOf(describeMachine(), effort, { all, times, bytes });
    const lines = markdown(result).split('\n');
    for (const { name } of candidates) {
      const row = lines.find((line) => line.startsWith(`| ${name} `)) ?? '';
      expect(row.endsWith(' 100 |'), name).toBe(true);
    }
    expect(
      lines.filter((line) => duels.some(([row, of]) => line.includes(row) && line.includes(of))),
    ).toHaveLength(duels.length);
    for (const staged of all) staged.close();
  });

  test('compares within a round, whatever the machine does from round to round', () => {
    const times = new Map([
      ['slow', [20, 2_000, 40]],
      ['fast', [10, 1_000, 20]],
    ]);
    expect(ratio(times, 'slow', 'fast')).toEqual({ median: 2, p10: 2, p90: 2 });
  });

  test('gives the middle of a distribution and where eight tenths of it lie', () => {
    const values = Array.from({ length: 101 }, (_, i) => (i * 37) % 101);
    expect(spread(values)).toEqual({ median: 50, p10: 10, p90: 90 });
  });

  test('sees the bytes that a call takes', async () => {
    const kept: unknown[] = [];
    const candidate = candidateNamed('bare await fn()');
    const bytesOf = (length: number): Promise<number> =>
      bytesPerCall(
        {
          candidate,
          rejects: false,
          close() {},
          async call() {
            kept[0] = new Array(length).fill(0);
          },
        },
        9,
      );
    const [few, many] = [await bytesOf(10), await bytesOf(1_010)];
    // A thousand elements of 4 or 8 bytes.
    expect(many - few).toBeGreaterThan(3_000);
    expect(many - few).toBeLessThan(12_000);
  });
});

describe('what is kept', () => {
  test('the page shows the tables of the last saved result', () => {
    const result = JSON.parse(readFileSync('benchmarks/results/node-24.json', 'utf8')) as Result;
    const tables = markdown(result);
    expect(readFileSync('benchmarks/results/node-24.md', 'utf8')).toBe(tables);
    const page = readFileSync('docs/performance.md', 'utf8');
    expect(inserted(page, tables)).toBe(page);
  });

  test('a page without the marks is not touched', () => {
    expect(() => inserted('# A page', 'tables')).toThrow('the page has no');
  });
});

describe('the command', () => {
  const run = (...flags: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const script = ['--import', './test/support/source.ts', 'benchmarks/run.ts', ...flags];
      execFile(process.execPath, script, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });

  test.each([[['--fast']], [['--quick', '--rounds=3']], [['results']], [['--quick=yes']]])(
    'answers %j with one line and exit code 2',
    async (flags) => {
      const { code, stdout, stderr } = await run(...flags);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^bench: .*; allowed are --quick, --json, --save\n$/);
    },
  );
});
