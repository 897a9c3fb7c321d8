/**
 * Packs the library and uses the tarball as its users do: installed in empty projects, from ESM and from
 * CommonJS, on the machine's own Node and on the development one, compiled by the oldest and the newest
 * TypeScript under each way of resolving modules. Needs the registry, so it is not part of `npm test`.
 *
 *   npm run test:package
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { install as npmInstall, packedIn, packInto } from '../support/packed.ts';

const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  devDependencies: Record<string, string>;
};
const typescripts = ['5.5.4', devDependencies.typescript!];

const work = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
let passed = 0;
let failed = 0;

/** Runs a command; only if it fails is its output of interest. */
function step(name: string, cwd: string, command: string, ...args: string[]): void {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (status === 0) {
    passed += 1;
    console.log(`ok    ${name} (${seconds} s)`);
  } else {
    failed += 1;
    console.log(`FAIL  ${name} (${seconds} s)\n${error ?? ''}${stdout}${stderr}`);
  }
}

/** An empty project with the tarball and one TypeScript, and what the checks use of it. */
function install(tarball: string, typescript: string): string {
  const project = join(work, `typescript-${typescript}`);
  cpSync('test/package/consumer', project, { recursive: true });
  // Under node16 and nodenext the extension decides whether a file sees the types for ESM or for CommonJS.
  copyFileSync(join(project, 'types.ts'), join(project, 'types.mts'));
  copyFileSync(join(project, 'types.ts'), join(project, 'types.cts'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const packages = [tarball, `typescript@${typescript}`, `@types/node@${devDependencies['@types/node']}`];
  step(`installs beside TypeScript ${typescript}`, project, 'npm', ...npmInstall(...packages));
  return project;
}

/** The Node that a user of this machine has, before npm put the development one first. */
function nodes(): string[] {
  const own = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .map((folder) => join(folder, 'node'))
    .find(existsSync);
  return own === undefined ? [process.execPath] : [own, process.execPath];
}

/** What a user's tsconfig.json may say of modules and libraries. Each is `strict` and checks every .d.ts. */
const settings: Record<string, object> = {
  'module node16': { module: 'node16' },
  'module nodenext': { module: 'nodenext' },
  'moduleResolution bundler': { module: 'esnext', moduleResolution: 'bundler' },
  'types of Node, none of the DOM': {
    module: 'nodenext',
    types: ['node'],
    lib: ['es2022', 'esnext.disposable'],
  },
};

const common = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', types: [] };

function compile(project: string, typescript: string): void {
  for (const [name, options] of Object.entries(settings)) {
    const compilerOptions = { ...common, ...options };
    const files = name.endsWith('bundler') ? ['types.ts'] : ['types.mts', 'types.cts'];
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    step(`TypeScript ${typescript}: ${name}`, project, process.execPath, 'node_modules/typescript/bin/tsc');
  }
}

function use(project: string, other: string, node: string): void {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  const check = (name: string, ...args: string[]) =>
    step(`Node ${stdout.trim()}: ${name}`, project, node, ...args);
  check('ESM', 'esm.mjs');
  check('CommonJS', 'cjs.cjs');
  check('CommonJS where require() takes no ESM', '--no-experimental-require-module', 'cjs.cjs');
  check('ESM, CommonJS and two installations in one process', 'copies.mjs', other);
}

/** What needs optional peers, by the name of its entry: until then they are absent. */
const peers: Record<string, readonly string[]> = {
  undici: ['undici'],
  opentelemetry: ['@opentelemetry/api', '@opentelemetry/sdk-trace-node'],
  prometheus: ['prom-client'],
  postgres: ['pg', '@types/pg'],
};

/** What the types of a peer need themselves: those of pg want TypeScript 5.7. */
const lenient: Record<string, object> = { postgres: { skipLibCheck: true } };

function beside(entry: string, project: string, typescript: string): void {
  const packages = (peers[entry] as readonly string[]).map((name) => `${name}@${devDependencies[name]}`);
  step(`installs ${packages.join(' ')}`, project, 'npm', ...npmInstall(...packages));
  const compilerOptions = { ...common, ...settings['types of Node, none of the DOM'], ...lenient[entry] };
  const files = [`${entry}.ts`];
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  step(`TypeScript ${typescript}: ${entry}`, project, process.execPath, 'node_modules/typescript/bin/tsc');
  for (const node of nodes()) step(`${node}: ${entry}`, project, node, `${entry}.mjs`);
}

try {
  step('packs', '.', 'npm', ...packInto(work));
  const tarball = packedIn(work);
  const projects = typescripts.map((typescript) => install(tarball, typescript));
  for (const [index, project] of projects.entries()) compile(project, typescripts[index]!);
  for (const node of nodes()) use(projects[0]!, projects[1]!, node);
  for (const entry of Object.keys(peers))
    for (const [index, project] of projects.entries()) beside(entry, project, typescripts[index]!);
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
