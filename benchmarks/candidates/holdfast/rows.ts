/** Holdfast: each policy alone, in pairs, all four, and the ways in which a call does not simply succeed. */
import { bulkhead, fallback, pipeline } from 'holdfast';
import { ANSWER, type Candidate, FOUR, rowsOf, type Settings } from '../candidate.ts';
import { depths } from './depth.ts';
import {
  aBreaker,
  aBulkhead,
  aRetry,
  aTimedBreaker,
  aTimeout,
  four,
  fourAtOnce,
  retryAtOnce,
  run,
} from './policies.ts';

const unread = (): void => {};

const listened = (settings: Settings) => four(settings).on('call', unread);
const noLongerListened = (settings: Settings) => listened(settings).off('call', unread);

const ALONE = rowsOf('holdfast', [
  { name: 'retry', parts: ['retry'], build: run(aRetry) },
  { name: 'breaker', parts: ['breaker'], build: run(aBreaker) },
  { name: 'breaker, window of 10 s', parts: ['breaker'], build: run(aTimedBreaker) },
  { name: 'bulkhead', parts: ['bulkhead'], build: run(aBulkhead) },
  { name: 'timeout', parts: ['timeout'], build: run(aTimeout) },
  { name: 'fallback', parts: ['fallback'], build: run(() => fallback(ANSWER)) },
  { name: 'retry, one failure', parts: ['retry'], scenario: 'fails once', build: run(retryAtOnce) },
  { name: 'open circuit rejects', parts: ['breaker'], scenario: 'open', build: run(aBreaker) },
  { name: 'full bulkhead rejects', parts: ['bulkhead'], scenario: 'full', build: run(aBulkhead) },
  {
    name: '1,000 at once, 100 places',
    parts: ['queue'],
    scenario: 'burst',
    build: run(({ concurrency, queue }) => bulkhead({ concurrency, queue })),
  },
]);

const COMPOSED = rowsOf('holdfast', [
  {
    name: 'breaker + bulkhead',
    parts: ['breaker', 'bulkhead'],
    build: run((settings) => pipeline('bench', aBreaker(settings), aBulkhead(settings))),
  },
  { name: 'four', parts: FOUR, build: run(four) },
  {
    name: 'four, through wrap()',
    parts: FOUR,
    build: (work, settings) => ({ call: four(settings).wrap(() => work()) }),
  },
  { name: 'four, one listens to reports', parts: FOUR, build: run(listened) },
  { name: 'four, nobody listens any more', parts: FOUR, build: run(noLongerListened) },
  {
    name: 'four, operation reads its signal',
    parts: [...FOUR, 'signal'],
    scenario: 'reads signal',
    build: run(four),
  },
  {
    name: 'four, caller passes a signal',
    parts: [...FOUR, 'abort'],
    scenario: 'caller signal',
    build: run(four),
  },
  { name: 'four, one failure', parts: FOUR, scenario: 'fails once', build: run(fourAtOnce) },
  { name: 'four, open circuit rejects', parts: FOUR, scenario: 'open', build: run(four) },
  { name: 'four, full bulkhead rejects', parts: FOUR, scenario: 'full', build: run(four) },
]);

export const holdfast: readonly Candidate[] = [...ALONE, ...COMPOSED, ...depths];
