/** What a service and those who drive it agree on. */

/** That which is driven hard, and its quiet neighbour. */
export const ROUTES = ['/items', '/neighbour'] as const;

/** What a service answers when it is asked about its process. */
export interface Answers {
  /** From now on. */
  watch(): true;
  /** Since `watch`: its time of the processor, and how much later than planned a timer fires. */
  usage(): { readonly cpuMs: number; readonly delayP99Ms: number; readonly delayMaxMs: number };
  /** Bytes: of the whole process, and of its heap without what is garbage. */
  memory(): { readonly rss: number; readonly heap: number };
}
