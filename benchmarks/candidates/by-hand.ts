/** What needs no library: the bare call, a timer, and the policies written out. */
import { type Candidate, FOUR, type RowOf } from './candidate.ts';
import { fourAborting } from './hand-written/aborting.ts';
import { four } from './hand-written/four.ts';
import { pair } from './hand-written/pair.ts';
import { fourReading } from './hand-written/reading.ts';
import { timed } from './hand-written/timed.ts';
import { usual } from './usual.ts';

export const BARE = 'bare await fn()';
export const BARE_AND_TIMER = 'bare, and a timer set and cleared';
export const HAND_WRITTEN = 'by hand, tuned: four';

/** The unit in which the floor is weighed: what every call pays that sets a timer of its own. */
const withTimer: Candidate['build'] = (work, { timeoutMs }) => {
  const nothing = (): void => {};
  return {
    async call() {
      const timer = setTimeout(nothing, timeoutMs);
      const value = await work();
      clearTimeout(timer);
      return value;
    },
  };
};

const rows: readonly RowOf[] = [
  { name: BARE, parts: [], build: (work) => ({ call: work }) },
  { name: BARE_AND_TIMER, parts: [], build: withTimer },
  { name: HAND_WRITTEN, parts: FOUR, build: four },
  {
    name: 'by hand, tuned: four, operation reads its signal',
    parts: [...FOUR, 'signal'],
    scenario: 'reads signal',
    build: fourReading,
  },
  {
    name: 'by hand, tuned: four, caller passes a signal',
    parts: [...FOUR, 'abort'],
    scenario: 'caller signal',
    build: fourAborting,
  },
  { name: 'by hand, tuned: breaker + bulkhead', parts: ['breaker', 'bulkhead'], build: pair },
  { name: 'by hand, tuned: timeout', parts: ['timeout'], build: timed },
  {
    name: 'by hand, as usual: four',
    parts: FOUR,
    lacks: { 'half-open, lets one call through': 'half-open, lets everybody through' },
    build: usual,
  },
];

export const byHand: readonly Candidate[] = rows.map((row) => ({
  scenario: 'succeeds',
  ...row,
  library: 'none',
}));
