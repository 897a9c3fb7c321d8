/** Runs a task in a process of its own, of `child.ts` beside the command. */
import { execFile } from 'node:child_process';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { COUNTS_EACH } from '../../test/soak/steps.ts';
import type { ArgumentsOf, MeasuredOf, Task } from './tasks.ts';

/** Millions of calls at once. */
const HEAP = '--max-old-space-size=12000';

/** @throws Error - if the process does not come to its end */
export async function apart<T extends Task>(task: T, ...of: ArgumentsOf<T>): Promise<MeasuredOf<T>> {
  const command = process.argv[1] as string;
  // The extension is that of the command: .ts, or .js where it was compiled for a runtime that needs that.
  const child = join(dirname(command), `child${extname(command)}`);
  const flags = [...process.execArgv, HEAP, ...(task === 'steps of waiters' ? COUNTS_EACH : [])];
  const args = [...flags, child, task, ...of.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as MeasuredOf<T>;
}
