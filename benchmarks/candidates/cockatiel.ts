/** cockatiel 4: the same parts with the same settings, as its documents show them. */
import {
  bulkhead,
  ConstantBackoff,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  fallback,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import {
  ANSWER,
  BREAKER,
  type Candidate,
  FOUR,
  RETRIES,
  rowsOf,
  type Settings,
  type Work,
} from './candidate.ts';

export const aRetry = ({ backoffMs }: Settings, handled = handleAll) =>
  retry(handled, {
    maxAttempts: RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: backoffMs, maxDelay: 10_000 }),
  });
const retryAtOnce = () => retry(handleAll, { maxAttempts: RETRIES, backoff: new ConstantBackoff(0) });
export const aBreaker = ({ openMs }: Settings, handled = handleAll) =>
  circuitBreaker(handled, {
    halfOpenAfter: openMs,
    breaker: new CountBreaker({
      size: BREAKER.calls,
      threshold: BREAKER.failureRate,
      minimumNumberOfCalls: BREAKER.minimumCalls,
    }),
  });
export const aBulkhead = ({ concurrency }: Settings) => bulkhead(concurrency, 0);
export const aTimeout = ({ timeoutMs }: Settings) => timeout(timeoutMs, TimeoutStrategy.Aggressive);

const four = (settings: Settings) =>
  wrap(aRetry(settings), aBreaker(settings), aTimeout(settings), aBulkhead(settings));

interface Executes {
  execute(work: Work, signal?: AbortSignal): Promise<unknown>;
}

export const execute =
  (make: (settings: Settings) => Executes): Candidate['build'] =>
  (work, settings, signal) => {
    const policy = make(settings);
    return { call: () => policy.execute(work, signal) };
  };

export const cockatiel: readonly Candidate[] = rowsOf('cockatiel', [
  { name: 'retry', parts: ['retry'], build: execute(aRetry) },
  { name: 'breaker', parts: ['breaker'], build: execute(aBreaker) },
  { name: 'bulkhead', parts: ['bulkhead'], build: execute(aBulkhead) },
  { name: 'timeout', parts: ['timeout'], build: execute(aTimeout) },
  { name: 'fallback', parts: ['fallback'], build: execute(() => fallback(handleAll, ANSWER)) },
  { name: 'four', parts: FOUR, build: execute(four) },
  {
    name: 'four, operation reads its signal',
    parts: [...FOUR, 'signal'],
    scenario: 'reads signal',
    build: execute(four),
  },
  {
    name: 'four, caller passes a signal',
    parts: [...FOUR, 'abort'],
    scenario: 'caller signal',
    build: execute(four),
  },
  { name: 'retry, one failure', parts: ['retry'], scenario: 'fails once', build: execute(retryAtOnce) },
  { name: 'open circuit rejects', parts: ['breaker'], scenario: 'open', build: execute(aBreaker) },
  { name: 'full bulkhead rejects', parts: ['bulkhead'], scenario: 'full', build: execute(aBulkhead) },
  {
    name: '1,000 at once, 100 places',
    parts: ['queue'],
    scenario: 'burst',
    build: execute(({ concurrency, queue }) => bulkhead(concurrency, queue)),
  },
]);
