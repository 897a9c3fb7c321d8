/** The library as its users get it: packed, and then installed in an empty project beside what else they want. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';

/** What npm is told in order to build and pack the library into a folder. */
export const packInto = (folder: string): string[] => ['pack', '--pack-destination', folder];

/** The tarball that lies there then. */
export function packedIn(folder: string): string {
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack left no tarball');
  return resolve(folder, tarball);
}

/** What npm is told in order to install packages in the project in which it is started. */
export const install = (...packages: string[]): string[] => [
  'install',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  ...packages,
];
