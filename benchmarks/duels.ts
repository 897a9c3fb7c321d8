/** Rows that do the same job: what the first costs as a ratio of the second, and at most how much that is to be. */
import { HAND_WRITTEN } from './candidates/by-hand.ts';

export interface Pairing {
  readonly row: string;
  readonly of: string;
  /** The bar: absent where there is only something to see. */
  readonly atMost?: number;
}

const FOUR = 'holdfast: four';
const BURST = '1,000 at once, 100 places';
/** What shows nothing in medians of paired ratios is lost in this. */
const NOISE = 1.05;

/** One row of ours against others, each with its bar. */
const ours = (row: string, bars: Readonly<Record<string, number | undefined>>): Pairing[] =>
  Object.entries(bars).map(([of, atMost]) => ({
    row: `holdfast: ${row}`,
    of,
    ...(atMost !== undefined && { atMost }),
  }));

export const duels: readonly Pairing[] = [
  ...ours('four', {
    [HAND_WRITTEN]: 1.4,
    'by hand, as usual: four': undefined,
    'cockatiel: four': 0.05,
    'opossum: breaker with timeout and capacity': 0.55,
    'mollitia: four': 1,
    'effect: four': 1,
    'p-retry + p-limit + p-timeout: three': 1,
  }),
  ...ours('breaker + bulkhead', { 'by hand, tuned: breaker + bulkhead': 1.4 }),
  ...ours('four, operation reads its signal', {
    'by hand, tuned: four, operation reads its signal': 1.5,
    'cockatiel: four, operation reads its signal': 1,
    'effect: four, operation reads its signal': 1,
  }),
  ...ours('four, caller passes a signal', {
    'by hand, tuned: four, caller passes a signal': 1.5,
    'cockatiel: four, caller passes a signal': 1,
    'effect: four, caller passes a signal': 1,
  }),
  ...ours('retry', {
    'cockatiel: retry': 1,
    'p-retry: success': 1,
    'mollitia: retry': 1,
    'effect: retry': 1,
  }),
  ...ours('breaker', {
    'cockatiel: breaker': 0.75,
    'opossum: breaker': 1,
    'mollitia: breaker': 1,
    'effect: breaker': 1,
  }),
  ...ours('bulkhead', {
    'cockatiel: bulkhead': 1,
    'mollitia: bulkhead': 1,
    'effect: bulkhead': 1,
    'p-limit: success': 1,
  }),
  ...ours('timeout', {
    'by hand, tuned: timeout': undefined,
    'cockatiel: timeout': 1,
    'mollitia: timeout': 1,
    'effect: timeout': 1,
    'p-timeout: success': 1,
  }),
  ...ours('fallback', { 'cockatiel: fallback': 1 }),
  ...ours('open circuit rejects', {
    'cockatiel: open circuit rejects': 0.25,
    'opossum: open circuit rejects': 0.25,
    'mollitia: open circuit rejects': 1,
    'effect: open circuit rejects': 1,
    [FOUR]: 2.5,
  }),
  ...ours('four, open circuit rejects', { [FOUR]: 2.5 }),
  ...ours('full bulkhead rejects', {
    'cockatiel: full bulkhead rejects': 0.25,
    'opossum: full capacity rejects': 0.25,
    'mollitia: full bulkhead rejects': 1,
    'effect: full bulkhead rejects': 1,
    [FOUR]: 2.5,
  }),
  ...ours('four, full bulkhead rejects', { [FOUR]: 2.5 }),
  ...ours('retry, one failure', {
    'p-retry: one failure': 1.8,
    'cockatiel: retry, one failure': 1,
    'mollitia: retry, one failure': 1,
    'effect: retry, one failure': 1,
  }),
  ...ours(BURST, {
    [`p-limit: ${BURST}`]: 1,
    [`p-queue: ${BURST}`]: 1,
    [`cockatiel: ${BURST}`]: 1,
    [`effect: ${BURST}`]: 1,
  }),
  ...ours('four, nobody listens any more', { [FOUR]: NOISE }),
];
