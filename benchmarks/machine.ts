/** On what, and of what, a result was measured. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** How many processes wanted to run, over the minute before: above 0 it was not alone. */
  readonly load: number;
  /** Of the libraries that are compared. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The libraries that are compared. */
export const PEERS = [
  'cockatiel',
  'opossum',
  'mollitia',
  'effect',
  'p-retry',
  'p-limit',
  'p-timeout',
  'p-queue',
] as const;

const require = createRequire(import.meta.url);

// Not every package lets its package.json be asked for, so it is looked for above what it exports.
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string })
        .version;
    } catch {}
  }
  throw new Error(`${name} is not installed`);
}

function ownVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
}

/** `libraries` are those that what is measured depends on, besides Holdfast. */
export function describeMachine(libraries: readonly string[] = PEERS): Machine {
  const processors = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    versions: {
      holdfast: ownVersion(),
      ...Object.fromEntries(libraries.map((name) => [name, versionOf(name)])),
    },
  };
}
