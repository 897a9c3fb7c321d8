/** The command lines of the benchmarks: flags, and nothing else. */
import { parseArgs } from 'node:util';

/** Ends the process: nothing was measured. */
export function refuse(command: string, message: string): never {
  console.error(`${command}: ${message}`);
  process.exit(2);
}

export function flagsFrom<Flag extends string>(
  command: string,
  args: readonly string[],
  flags: readonly Flag[],
): Readonly<Partial<Record<Flag, boolean>>> {
  const options = Object.fromEntries(flags.map((flag) => [flag, { type: 'boolean' as const }]));
  try {
    return parseArgs({ args: [...args], options }).values as Partial<Record<Flag, boolean>>;
  } catch (error) {
    const allowed = flags.map((flag) => `--${flag}`).join(', ');
    return refuse(command, `${(error as Error).message.split('.')[0]}; allowed are ${allowed}`);
  }
}
