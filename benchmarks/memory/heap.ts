/** The heap in use once all garbage is gone. */
import { setImmediate } from 'node:timers/promises';
import { collect } from '../allocation.ts';

export async function heapInUse(): Promise<number> {
  // What a first collection finalizes, the next one frees.
  for (let i = 0; i < 3; i++) {
    collect({ type: 'major' });
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}
