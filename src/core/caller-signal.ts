/**
 * One listener on a caller's signal for all the runs in flight that were given it. The signal may be that of a
 * process's shutdown, with thousands of runs at a time; above ten listeners Node 20 suspects a leak, and says so.
 */
import { Link } from './links.ts';

/** What is interrupted when the signal aborts. */
interface Interruptible extends Link {
  interrupt(): void;
}

/** The list of the runs that share a signal, and its one listener. */
class Watch extends Link {
  handleEvent(): void {
    while (this.next !== this) {
      const run = this.next as Interruptible;
      run.unlink();
      run.interrupt();
    }
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
  shared.push(run);
}

/** The run has ended. With the last, the listener goes. */
export function unwatch(signal: AbortSignal, run: Interruptible): void {
  run.unlink();
  const shared = watches.get(signal) as Watch;
  if (shared.next !== shared) return;
  watches.delete(signal);
  signal.removeEventListener('abort', shared);
}
