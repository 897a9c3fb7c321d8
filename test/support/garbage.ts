/** Garbage collection on demand, in a process that was not started with `--expose-gc`. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects what is garbage, before any callback of a FinalizationRegistry can come. */
export function collectNow(): void {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as () => void;
  collect();
}

/** Collects what is garbage now. A WeakRef holds what it refers to until the task is over, so it waits for that. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => void setImmediate(resolve));
    collectNow();
  }
  // The callbacks of a FinalizationRegistry come as tasks of their own.
  await new Promise((resolve) => void setImmediate(resolve));
}
