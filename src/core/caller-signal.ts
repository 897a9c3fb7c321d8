/**
 * One listener on a caller's signal for all the runs in flight that were given it. The signal may be that of a
 * process's shutdown, with thousands of runs at a time; above ten listeners Node 20 suspects a leak, and says so.
 */

/** What is interrupted when the signal aborts. */
interface Interruptible {
  interrupt(): void;
}

/** The runs that share a signal, and its one listener. */
class Watch {
  readonly runs = new Set<Interruptible>();

  handleEvent(): void {
    for (const run of [...this.runs]) run.interrupt();
  }
}

const watches = new WeakMap<AbortSignal, Watch>();

/** Interrupts the run when the signal aborts. */
export function watch(signal: AbortSignal, run: Interruptible): void {
  let shared = watches.get(signal);
  if (shared === undefined) {
    shared = new Watch();
    watches.set(signal, shared);
    signal.addEventListener('abort', shared);
  }
  shared.runs.add(run);
}

/** The run has ended. With the last, the listener goes. */
export function unwatch(signal: AbortSignal, run: Interruptible): void {
  const shared = watches.get(signal);
  if (!shared?.runs.delete(run) || shared.runs.size > 0) return;
  watches.delete(signal);
  signal.removeEventListener('abort', shared);
}
