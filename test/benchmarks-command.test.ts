/** The benchmarks as they are typed. */
import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

const run = (file: string, ...flags: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const script = ['--import', './test/support/source.ts', file, ...flags];
    execFile(process.execPath, script, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });

test.each([
  ['run', ['--fast'], /^bench: .*; allowed are --quick, --json, --save, --compare\n$/],
  ['run', ['--quick', '--rounds=3'], /^bench: .*; allowed are --quick, --json, --save, --compare\n$/],
  ['run', ['results'], /^bench: .*; allowed are --quick, --json, --save, --compare\n$/],
  ['run', ['--quick=yes'], /^bench: .*; allowed are --quick, --json, --save, --compare\n$/],
  ['memory/run', ['--compare'], /^bench:memory: .*; allowed are --quick, --json, --save\n$/],
  ['load/run', ['--compare'], /^bench:load: .*; allowed are --quick, --json, --save\n$/],
  ['on', ['node-19'], /^bench:on: .* node-20, node-22, node-24, node-26\n$/],
  ['on', ['--quick'], /^bench:on: .* node-20, node-22, node-24, node-26\n$/],
])('%s answers %j with one line and exit code 2', async (file, flags, line) => {
  const { code, stdout, stderr } = await run(`benchmarks/${file}.ts`, ...flags);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(line);
});
