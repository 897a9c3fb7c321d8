/** The processes of the soak: compiled first, then each started with what V8 has to be told. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { execute } from '../runtimes/execute.ts';
import type { Parked, WayOut } from './parked.ts';
import { COUNTS_EACH } from './steps.ts';
import type { Soaked } from './traffic.ts';

// Within the package, where its own name leads to what was built.
const FOLDER = resolve('test/.generated/soak');

/** Compiles what the processes execute. */
export async function compile(): Promise<void> {
  const tsup = ['node_modules/tsup/dist/cli-default.js', '--no-config', '--silent', '--entry.child'];
  const out = ['--format', 'esm', '--target', 'node20', '--out-dir', FOLDER, '--external', 'holdfast'];
  const { code, stdout, stderr } = await execute(process.execPath, [...tsup, 'test/soak/child.ts', ...out], {
    cwd: '.',
    limitMs: 120_000,
  });
  if (code !== 0) throw new Error(`the soak cannot be compiled:\n${stdout}${stderr}`);
}

// Code that has not run for long would be thrown away in the midst of it, and what leaks look like less.
const STEADY = ['--expose-gc', '--no-flush-bytecode'];

export const soakApart = (calls: number): Promise<Soaked> => start(STEADY, 'traffic', calls);

/** A waiting call takes some kilobytes, its caller's controller included. */
const MEGABYTES = 8_192;

export const parkApart = (way: WayOut, calls: number): Promise<Parked> =>
  start([...COUNTS_EACH, `--max-old-space-size=${MEGABYTES}`], way, calls);

function start<Result>(flags: readonly string[], task: string, calls: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, `${FOLDER}/child.js`, task, `${calls}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 && said !== '') resolve(JSON.parse(said) as Result);
      else reject(new Error(`${task} with ${calls} calls ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
