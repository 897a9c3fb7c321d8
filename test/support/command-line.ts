/** The command lines of what is started by hand: options with values, a line that is clear, and `--help`. */
import { parseArgs } from 'node:util';

/** A mistake on the command line; the message says what is allowed. */
export class UsageError extends Error {}

/** What was given for each of the options, all of which take a value. */
export function optionsFrom<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): { readonly [name in Name | 'help']?: string } {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { help, ...values } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }).values;
    return { ...values, ...(help && { help: 'yes' }) } as { [name in Name | 'help']?: string };
  } catch (error) {
    // Node's own message goes on to explain positional arguments, of which there are none.
    const what = (error as Error).message.split(/[.\n]/)[0];
    throw new UsageError(`${what}; allowed are ${names.map((name) => `--${name}`).join(', ')}, --help`);
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
