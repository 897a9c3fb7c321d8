/**
 * p-retry 9, p-limit 7, p-timeout 8 and p-queue 9, each of which does one thing; and the first three as they are
 * usually put together. Holdfast's retry drives p-retry after a first failure.
 */
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { type Candidate, RETRIES, rowsOf } from './candidate.ts';

const LATER = { 'rejects what is too much': 'rejects nothing: what is too much waits for its turn' };
const BURST = '1,000 at once, 100 places';

const limit: Candidate['build'] = (work, { concurrency }) => {
  const limited = pLimit(concurrency);
  return { call: () => limited(work) };
};

const pRetryRows = rowsOf('p-retry', [
  {
    name: 'success',
    parts: ['retry'],
    build: (work, { backoffMs }) => ({
      call: () => pRetry(() => work(), { retries: RETRIES, minTimeout: backoffMs }),
    }),
  },
  {
    name: 'one failure',
    parts: ['retry'],
    scenario: 'fails once',
    build: (work) => ({ call: () => pRetry(() => work(), { retries: RETRIES, minTimeout: 0 }) }),
  },
]);

const pLimitRows = rowsOf('p-limit', [
  { name: 'success', parts: ['bulkhead'], lacks: LATER, build: limit },
  { name: BURST, parts: ['queue'], scenario: 'burst', build: limit },
]);

const pQueueRows = rowsOf('p-queue', [
  {
    name: BURST,
    parts: ['queue'],
    scenario: 'burst',
    build: (work, { concurrency }) => {
      const queue = new PQueue({ concurrency });
      return { call: () => queue.add(() => work()) };
    },
  },
]);

const pTimeoutRows = rowsOf('p-timeout', [
  {
    name: 'success',
    parts: ['timeout'],
    build: (work, { timeoutMs }) => ({ call: () => pTimeout(work(), { milliseconds: timeoutMs }) }),
  },
]);

const together = rowsOf('p-retry + p-limit + p-timeout', [
  {
    name: 'three',
    parts: ['retry', 'timeout', 'bulkhead'],
    lacks: LATER,
    build: (work, { timeoutMs, concurrency, backoffMs }) => {
      const limited = pLimit(concurrency);
      const attempt = (): Promise<unknown> => pTimeout(limited(work), { milliseconds: timeoutMs });
      return { call: () => pRetry(attempt, { retries: RETRIES, minTimeout: backoffMs }) };
    },
  },
]);

export const smallPackages: readonly Candidate[] = [
  ...pRetryRows,
  ...pLimitRows,
  ...pQueueRows,
  ...pTimeoutRows,
  ...together,
];
