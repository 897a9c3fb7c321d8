/** Counts who listens to any signal of the process: callers' own, and those that the library made. */
import { getEventListeners } from 'node:events';

/** Listeners that were added and are still there. */
export interface Listeners {
  readonly live: number;
}

/**
 * From now on. What a signal lets go of by itself (`once`) counts as still there, so that whoever adds a listener has
 * to remove it.
 */
export function countListeners(): Listeners {
  const listeners = { live: 0 };
  const { prototype } = AbortSignal;
  for (const method of ['addEventListener', 'removeEventListener'] as const) {
    const original = prototype[method];
    // Compared, since neither a second addition of the same nor a removal of none changes anything.
    prototype[method] = function (this: AbortSignal, ...args: Parameters<typeof original>) {
      const before = getEventListeners(this, 'abort').length;
      original.apply(this, args);
      listeners.live += getEventListeners(this, 'abort').length - before;
    };
  }
  return listeners;
}
