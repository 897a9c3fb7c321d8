/** How many bytes of the heap a call takes, garbage at once or not. */
import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { run, spread } from './measure.ts';
import type { Staged } from './stage.ts';

// As if node had been started with --expose-gc; only a context that is made afterwards has it.
setFlagsFromString('--expose-gc');
export const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;

/** Calls of a sample, if they are quick. */
const CALLS = 200;
const SAMPLE_MS = 40;

/** The median of several samples; samples during which the collector ran are not used. */
export async function bytesPerCall(staged: Staged, samples: number, nanoseconds = 1): Promise<number> {
  const once = nanoseconds * staged.each;
  const runs = Math.ceil(Math.min(CALLS / staged.each, (SAMPLE_MS * 1e6) / once));
  const calls = runs * staged.each;
  const bytes: number[] = [];
  for (let tries = 0; bytes.length < samples && tries < 5 * samples; tries++) {
    collect({ type: 'minor' });
    const profiler = new GCProfiler();
    profiler.start();
    const before = process.memoryUsage().heapUsed;
    await run(staged, runs);
    const after = process.memoryUsage().heapUsed;
    if (profiler.stop().statistics.length === 0) bytes.push((after - before) / calls);
  }
  return bytes.length === 0 ? Number.NaN : spread(bytes).median;
}
