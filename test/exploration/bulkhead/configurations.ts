/** The small bulkheads. Each may be resized to every other while calls run and wait, and so all of them are one walk. */
import type { BulkheadConfig } from './system.ts';

const limits = [3, 2, 1, 0].flatMap((concurrency) => [2, 1, 0].map((queue) => ({ concurrency, queue })));

// Of a place that is reclaimed in the very moment in which a waiter's time is up, nothing is promised: never both.
export const bulkheadConfigurations: readonly BulkheadConfig[] = [
  { name: 'reclaims after 2 ms', rules: { queueTimeoutMs: Infinity, reclaimMs: 2 }, limits, calls: 4 },
  { name: 'waits for 2 ms', rules: { queueTimeoutMs: 2, reclaimMs: Infinity }, limits, calls: 4 },
];
