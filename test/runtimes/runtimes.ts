/**
 * The runtimes, each an npm package that is nothing but the binary for one platform. They are fetched when they are
 * first wanted, into a folder that the next run finds: hundreds of megabytes that no newcomer should have to download.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { install } from '../support/packed.ts';
import { execute } from './execute.ts';

export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** The npm package for a platform. */
  packageFor(platform: string, arch: string): string;
  /** Where in it the binary lies. */
  readonly binary: string;
  /** What stands before the file to execute. */
  readonly args: readonly string[];
}

/** The same platform has other names elsewhere. */
const named = (names: Readonly<Record<string, string>>, key: string): string => names[key] ?? key;

const node = (version: string): Runtime => ({
  name: `node-${version.split('.')[0]}`,
  version,
  // The plain name was taken by somebody else.
  packageFor: (platform, arch) =>
    `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${named({ win32: 'win' }, platform)}-${arch}`,
  binary: 'bin/node',
  args: [],
});

export const RUNTIMES: readonly Runtime[] = [
  node('20.20.2'),
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    name: 'bun',
    version: '1.4.5',
    packageFor: (platform, arch) =>
      `@oven/bun-${named({ win32: 'windows' }, platform)}-${named({ arm64: 'aarch64' }, arch)}`,
    binary: 'bin/bun',
    args: [],
  },
  {
    name: 'deno',
    version: '2.9.6',
    packageFor: (platform, arch) => `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`,
    binary: 'deno',
    args: ['run', '--allow-all', '--no-remote'],
  },
];

const CACHE = resolve('node_modules/.cache/holdfast-runtimes');

/** The path of the binary. @throws Error - with one line that says why there is none */
export async function fetched(
  runtime: Runtime,
  platform = process.platform,
  arch = process.arch,
): Promise<string> {
  const { name, version, binary } = runtime;
  const wanted = runtime.packageFor(platform, arch);
  const folder = join(CACHE, `${name}-${version}-${platform}-${arch}`);
  const path = join(folder, 'node_modules', wanted, platform === 'win32' ? `${binary}.exe` : binary);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'));
  try {
    writeFileSync(join(unfinished, 'package.json'), '{ "private": true }');
    const args = install('--ignore-scripts', `${wanted}@${version}`);
    const { code, stderr } = await execute('npm', args, { cwd: unfinished, limitMs: 600_000 });
    if (code !== 0) throw new Error(`${wanted}@${version} cannot be fetched: ${reason(stderr)}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  if (!existsSync(path)) throw new Error(`${wanted}@${version} has no ${binary}`);
  return path;
}

/** What npm says went wrong, without the lines on where else that is written. */
const reason = (stderr: string): string => {
  const lines = stderr.split('\n').filter((line) => /^npm err/i.test(line));
  return (lines.find((line) => !/ code /.test(line)) ?? lines[0] ?? 'npm failed').replace(
    /^npm err\S*\s*/i,
    '',
  );
};
