/** All rows, in the order of the table. */
import type { Candidate } from './candidate.ts';
import { cockatiel } from './cockatiel.ts';
import { handWritten } from './hand-written.ts';
import { holdfast } from './holdfast.ts';
import { opossum } from './opossum.ts';
import { pRetryAlone } from './p-retry.ts';
import { usual } from './usual.ts';

export const BARE = 'bare await fn()';
export const HAND_WRITTEN = 'by hand, tuned: four';

const FOUR = ['retry', 'breaker', 'timeout', 'bulkhead'] as const;

const byHand: readonly Candidate[] = [
  {
    name: BARE,
    library: 'none',
    parts: [],
    scenario: 'succeeds',
    build: (work) => ({ call: work }),
  },
  { name: HAND_WRITTEN, library: 'none', parts: FOUR, scenario: 'succeeds', build: handWritten },
  {
    name: 'by hand, as usual: four',
    library: 'none',
    parts: FOUR,
    scenario: 'succeeds',
    lacks: { 'half-open, lets one call through': 'half-open, lets everybody through' },
    build: usual,
  },
];

export const candidates: readonly Candidate[] = [
  ...byHand,
  ...holdfast,
  ...cockatiel,
  ...opossum,
  ...pRetryAlone,
];

/** Rows that do the same job: what the first costs as a ratio of the second. */
export const duels: readonly (readonly [row: string, of: string])[] = [
  ['holdfast: four', HAND_WRITTEN],
  ['holdfast: four', 'by hand, as usual: four'],
  ['holdfast: four', 'cockatiel: four'],
  ['holdfast: four', 'opossum: breaker with timeout and capacity'],
  ['holdfast: four, operation reads its signal', 'cockatiel: four, operation reads its signal'],
  ['holdfast: four, caller passes a signal', 'cockatiel: four, caller passes a signal'],
  ['holdfast: retry', 'cockatiel: retry'],
  ['holdfast: retry', 'p-retry: success'],
  ['holdfast: breaker', 'cockatiel: breaker'],
  ['holdfast: bulkhead', 'cockatiel: bulkhead'],
  ['holdfast: timeout', 'cockatiel: timeout'],
  ['holdfast: fallback', 'cockatiel: fallback'],
  ['holdfast: open circuit rejects', 'cockatiel: open circuit rejects'],
  ['holdfast: open circuit rejects', 'opossum: open circuit rejects'],
  ['holdfast: full bulkhead rejects', 'cockatiel: full bulkhead rejects'],
  ['holdfast: retry, one failure', 'cockatiel: retry, one failure'],
  ['holdfast: retry, one failure', 'p-retry: one failure'],
];
