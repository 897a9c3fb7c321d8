/** The packed library in an empty project, beside the suite in both module systems; and one runtime that runs it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, packedIn, packInto } from '../support/packed.ts';
import type { Told } from './child.ts';
import { type Executed, execute } from './execute.ts';
import { fetched, type Runtime } from './runtimes.ts';

const FILES = { ESM: 'conformance.js', CommonJS: 'conformance.cjs' } as const;
export type ModuleSystem = keyof typeof FILES;
export const MODULE_SYSTEMS = Object.keys(FILES) as ModuleSystem[];

/** How one runtime did under one module system. */
export interface Row extends Told {
  readonly runtime: string;
  readonly modules: ModuleSystem;
  readonly seconds: number;
}

/** An empty project in which the packed library is installed, with the suite compiled for both module systems. */
export async function prepare(work: string): Promise<string> {
  const project = join(work, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  await done('.', 'npm', ...packInto(work));
  await done(project, 'npm', ...install(packedIn(work)));
  const out = ['--format', 'esm,cjs', '--target', 'node20', '--out-dir', project, '--external', 'holdfast'];
  const suite = ['--no-config', '--silent', '--entry.conformance', 'test/runtimes/child.ts'];
  await done('.', process.execPath, 'node_modules/tsup/dist/cli-default.js', ...suite, ...out);
  return project;
}

async function done(cwd: string, file: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await execute(file, args, { cwd, limitMs: 300_000 });
  if (code !== 0) throw new Error(`${[file, ...args].join(' ')} failed:\n${stdout}${stderr}`);
}

/** Fewer behaviours, and the suite that was run is not the one that was meant. */
export const LEAST = 250;
/** Longer, and something of what was left behind still keeps it alive. */
const LINGER_MS = 10_000;

/** Runs the suite on one runtime. It never rejects: what goes wrong is a failure with a name. */
export async function conform(runtime: Runtime, modules: ModuleSystem, project: string): Promise<Row> {
  const { name, version, args } = runtime;
  const row = { runtime: name, version, modules, passed: 0, seconds: 0 };
  let binary: string;
  try {
    binary = await fetched(runtime);
  } catch (error) {
    return { ...row, failures: [{ name: 'it can be fetched', error: (error as Error).message }] };
  }
  const env = { NO_COLOR: '1', DENO_DIR: join(project, '.deno'), DENO_NO_UPDATE_CHECK: '1' };
  return judged(
    row,
    await execute(binary, [...args, FILES[modules]], { cwd: project, limitMs: 120_000, env }),
  );
}

/** What is to be said of a run of the suite: what it told itself, and what was seen from outside. */
export function judged(row: Omit<Row, 'failures'>, ran: Executed): Row {
  const lines = ran.stdout.trimEnd().split('\n');
  let told: Told;
  try {
    told = JSON.parse(lines.pop() ?? '') as Told;
  } catch {
    const error = `exit code ${ran.code}\n${ran.stdout}${ran.stderr}`;
    return { ...row, failures: [{ name: 'it runs the suite to its end', error }] };
  }
  const behaviours = told.passed + told.failures.length;
  const outside: Readonly<Record<string, string | undefined>> = {
    'it runs a few hundred behaviours': behaviours > LEAST ? undefined : `${behaviours}`,
    'it is the version that was asked for': told.version === row.version ? undefined : told.version,
    'it prints nothing else': [...lines, ran.stderr].join('\n') || undefined,
    'it ends well': ran.code === 0 ? undefined : `exit code ${ran.code}`,
    'it ends by itself, at once':
      ran.lingeredMs < LINGER_MS ? undefined : `after ${ran.lingeredMs.toFixed()} ms`,
  };
  const wrong = Object.entries(outside).filter(([, error]) => error !== undefined);
  return {
    ...row,
    passed: told.passed + Object.keys(outside).length - wrong.length,
    failures: [...told.failures, ...wrong.map(([what, error]) => ({ name: what, error: `${error}` }))],
    seconds: ran.seconds,
  };
}
