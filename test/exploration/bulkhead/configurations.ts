/** The small bulkheads. Each may be resized to every other while calls run and wait, and so all of them are one walk. */
import type { BulkheadConfig } from './system.ts';

const limits = [4, 3, 2, 1, 0].flatMap((concurrency) => [2, 1, 0].map((queue) => ({ concurrency, queue })));

export const bulkheadConfigurations: readonly BulkheadConfig[] = [
  { queueTimeoutMs: 3, reclaimMs: 2 },
  { queueTimeoutMs: Infinity, reclaimMs: 2 },
  { queueTimeoutMs: 2, reclaimMs: Infinity },
].map((rules) => ({
  name: `waits for ${rules.queueTimeoutMs} ms, reclaims after ${rules.reclaimMs} ms`,
  rules,
  limits,
  calls: 4,
}));
