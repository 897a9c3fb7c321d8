/** A signal that counts who listens to it. */

export interface CountedSignal {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Listeners added so far. */
  readonly added: number;
  /** Those of them that are still there. */
  readonly standing: number;
  /** The most that stood at once. */
  readonly most: number;
}

export function countedSignal(): CountedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const standing = new Set<unknown>();
  const counts = { added: 0, most: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: unknown, options?: unknown) => {
    counts.added++;
    standing.add(listener);
    counts.most = Math.max(counts.most, standing.size);
    return addEventListener.call(signal, type, listener as EventListener, options as AddEventListenerOptions);
  };
  signal.removeEventListener = (type: string, listener: unknown, options?: unknown) => {
    standing.delete(listener);
    return removeEventListener.call(signal, type, listener as EventListener, options as EventListenerOptions);
  };
  return {
    signal,
    abort: (reason) => controller.abort(reason),
    get added() {
      return counts.added;
    },
    get standing() {
      return standing.size;
    },
    get most() {
      return counts.most;
    },
  };
}
