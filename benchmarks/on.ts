/**
 * The benchmarks on another version of Node, which is fetched when it is first wanted. They are compiled for it, since
 * not every version reads TypeScript; what is compared is left as it is installed.
 *
 *   npm run bench:on -- node-20 --quick
 *   npm run bench:on -- node-20 memory --save
 */
import { spawnSync } from 'node:child_process';
import { fetched, RUNTIMES, type Runtime } from '../test/runtimes/runtimes.ts';
import { refuse } from './flags.ts';
import { PEERS } from './machine.ts';

const OUT = 'temp/benchmarks';
const TSUP = 'node_modules/tsup/dist/cli-default.js';
const COMPILE = [
  '--no-config',
  '--silent',
  '--clean',
  '--format',
  'esm',
  '--target',
  'node20',
  '--out-dir',
  OUT,
];
const ENTRIES = ['benchmarks/run.ts', 'benchmarks/memory/run.ts', 'benchmarks/memory/child.ts'];

function runtimeNamed(name: string | undefined): Runtime {
  const all = RUNTIMES.filter((each) => each.name.startsWith('node-'));
  const names = all.map((each) => each.name).join(', ');
  return (
    all.find((each) => each.name === name) ?? refuse('bench:on', `first comes a runtime: one of ${names}`)
  );
}

/** Ends this process as well, if that one does not end well. */
function run(file: string, ...args: string[]): void {
  const { status } = spawnSync(file, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const [name, ...rest] = process.argv.slice(2);
const binary = await fetched(runtimeNamed(name));
const isMemory = rest[0] === 'memory';
run(
  process.execPath,
  TSUP,
  ...COMPILE,
  ...['holdfast', ...PEERS].flatMap((name) => ['--external', name]),
  ...ENTRIES,
);
const [script, flags] = isMemory ? ['memory/run.js', rest.slice(1)] : ['run.js', rest];
run(binary, `${OUT}/${script}`, ...flags);
