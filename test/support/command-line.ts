/** The command lines of what is started by hand: options with values, a line that is clear, and `--help`. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

/** A mistake on the command line; the message says what is allowed. */
export class UsageError extends Error {}

/** What was given for each of the options: those in `names` take a value, those in `flags` and `--help` none. */
export function optionsFrom<Name extends string, Flag extends string = never>(
  args: readonly string[],
  names: readonly Name[],
  flags: readonly Flag[] = [],
): { readonly [name in Name | Flag | 'help']?: string } {
  const values = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const switches = Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }]));
  try {
    const given = parseArgs({
      args: [...args],
      options: { ...values, ...switches, help: { type: 'boolean', short: 'h' } },
    }).values;
    const said = Object.entries(given).map(([name, value]) => [name, value === true ? 'yes' : value]);
    return Object.fromEntries(said) as { [name in Name | Flag | 'help']?: string };
  } catch (error) {
    // Node's own message goes on to explain positional arguments, of which there are none.
    const what = (error as Error).message.split(/[.\n]/)[0];
    const all = [...names, ...flags, 'help'].map((name) => `--${name}`);
    throw new UsageError(`${what}; allowed are ${all.join(', ')}`);
  }
}

/** A whole number given as an option. */
export function wholeNumber(
  name: string,
  given: string | undefined,
  byDefault: number,
  least: number,
): number {
  if (given === undefined) return byDefault;
  const number = Number(given.replaceAll('_', '') || Number.NaN);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${name} must be a whole number of at least ${least}, got ${given}`);
}

/** A file given as an option, which is written at the end of a long run: where that cannot be is said at its start. */
export function fileToWrite(name: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const folder = dirname(given);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--${name} must be a file in a folder that exists, got ${given}`);
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--${name} must be a file, got the folder ${given}`);
  return given;
}

/** Runs a command: its answer becomes the exit code, a mistake on the command line becomes one line and 2. */
export async function command(main: () => Promise<number> | number): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
