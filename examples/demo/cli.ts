/** The command line. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './processes.ts';

export const help = `Shows a cascade and its end: one script of trouble, against three gateways.

  npm run demo                        all of it, in a little over a minute
  npm run -s demo -- --json           the figures for a program; everything else goes to stderr
  npm run demo -- --payments          payments into Postgres, which is killed in the middle, in ten seconds

  --seed N     repeat arrivals and faults (default 1)
  --port N     the gateway listens on N, the services on N+1 to N+3, Prometheus on N+4 (default: any free ports)
  --svg FILE   where the picture goes (default: holdfast-demo.svg in the folder for temporary files)
  --json       print the figures as JSON on stdout, everything else on stderr
  --metrics    the gateway serves /metrics; Prometheus, where it is installed or HOLDFAST_PROMETHEUS names it, scrapes it
  --quick      phases of one second: shows that everything runs, and is too short for a verdict
  --payments   the other demo: of --seed, --json and --quick only
  --help       this

Ends with 0 if the figures show what they should, with 1 if not, with 2 on a bad option or a taken port.`;

export interface Options {
  readonly seed: number;
  readonly port: number;
  readonly svg: string;
  readonly json: boolean;
  readonly metrics: boolean;
  readonly quick: boolean;
  readonly payments: boolean;
  readonly help: boolean;
}

export function parseOptions(args: readonly string[]): Options {
  const { seed, port, svg, ...flags } = parse(args);
  return {
    seed: wholeNumber('--seed', seed, 1, 0, 2 ** 32 - 1),
    // Four more ports follow the gateway's.
    port: wholeNumber('--port', port, 0, 1, 65_535 - 4),
    svg: writable(resolve(svg ?? join(tmpdir(), 'holdfast-demo.svg'))),
    json: flags.json ?? false,
    metrics: flags.metrics ?? false,
    quick: flags.quick ?? false,
    payments: flags.payments ?? false,
    help: flags.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        port: { type: 'string' },
        svg: { type: 'string' },
        json: { type: 'boolean' },
        metrics: { type: 'boolean' },
        quick: { type: 'boolean' },
        payments: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // Node's own message goes on to explain positional arguments, of which there are none.
    throw new UsageError(`${(error as Error).message.split(/[.\n]/)[0]}; see --help`);
  }
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number, least: number, most: number) {
  if (text === undefined) return otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${flag} must be a whole number from ${least} to ${most}, not '${text}'`);
}

/** Better now than after a minute of measuring. */
function writable(file: string): string {
  try {
    if (existsSync(file) && !statSync(file).isFile()) throw new Error('it is no file');
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    return file;
  } catch (error) {
    throw new UsageError(
      `cannot write the picture to ${file} (${(error as Error).message}); choose with --svg`,
    );
  }
}
