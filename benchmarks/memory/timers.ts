/** Counts the timers of this process, whoever sets them, if they look the functions up when they need them. */
export interface Timers {
  /** That were set, and have neither fired nor been taken back. */
  readonly live: number;
}

export function countTimers(): Timers {
  const live = new Set<unknown>();
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const set = ((fn: () => void, ms?: number) => {
    const timer = setTimeout(() => {
      live.delete(timer);
      fn();
    }, ms);
    live.add(timer);
    return timer;
  }) as typeof setTimeout;
  const repeat = ((fn: () => void, ms?: number) => {
    const timer = setInterval(fn, ms);
    live.add(timer);
    return timer;
  }) as typeof setInterval;
  globalThis.setTimeout = set;
  globalThis.setInterval = repeat;
  globalThis.clearTimeout = (timer) => {
    live.delete(timer);
    clearTimeout(timer);
  };
  globalThis.clearInterval = (timer) => {
    live.delete(timer);
    clearInterval(timer);
  };
  return {
    get live() {
      return live.size;
    },
  };
}
