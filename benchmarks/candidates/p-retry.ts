/** p-retry 9 by itself, which Holdfast's retry drives after a first failure. */
import pRetry from 'p-retry';
import { type Candidate, RETRIES } from './candidate.ts';

export const pRetryAlone: readonly Candidate[] = [
  {
    name: 'p-retry: success',
    library: 'p-retry',
    parts: ['retry'],
    scenario: 'succeeds',
    build: (work, { backoffMs }) => ({
      call: () => pRetry(() => work(), { retries: RETRIES, minTimeout: backoffMs }),
    }),
  },
  {
    name: 'p-retry: one failure',
    library: 'p-retry',
    parts: ['retry'],
    scenario: 'fails once',
    build: (work) => ({ call: () => pRetry(() => work(), { retries: RETRIES, minTimeout: 0 }) }),
  },
];
