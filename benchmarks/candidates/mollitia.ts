/** mollitia 0.1: a circuit with modules in it, the first of them outermost. */
import { Bulkhead, Circuit, type Module, Retry, RetryMode, SlidingCountBreaker, Timeout } from 'mollitia';
import { BREAKER, type Candidate, FOUR, RETRIES, rowsOf, type Settings } from './candidate.ts';

const aRetry = ({ backoffMs }: Settings) =>
  new Retry({ attempts: RETRIES, interval: backoffMs, mode: RetryMode.JITTER, maxInterval: 10_000 });
const retryAtOnce = () => new Retry({ attempts: RETRIES, interval: 0 });
const aBreaker = ({ openMs }: Settings) =>
  new SlidingCountBreaker({
    openStateDelay: openMs,
    slidingWindowSize: BREAKER.calls,
    minimumNumberOfCalls: BREAKER.minimumCalls,
    failureRateThreshold: BREAKER.failureRate * 100,
    permittedNumberOfCallsInHalfOpenState: 1,
  });
const aTimeout = ({ timeoutMs }: Settings) => new Timeout({ delay: timeoutMs });
const aBulkhead = ({ concurrency }: Settings) => new Bulkhead({ concurrentSize: concurrency, queueSize: 0 });

const execute =
  (...modules: ((settings: Settings) => Module)[]): Candidate['build'] =>
  (work, settings) => {
    const circuit = new Circuit({ func: work, options: { modules: modules.map((make) => make(settings)) } });
    return { call: () => circuit.execute(), close: () => circuit.dispose() };
  };

export const mollitia = rowsOf('mollitia', [
  { name: 'retry', parts: ['retry'], build: execute(aRetry) },
  { name: 'breaker', parts: ['breaker'], build: execute(aBreaker) },
  { name: 'bulkhead', parts: ['bulkhead'], build: execute(aBulkhead) },
  { name: 'timeout', parts: ['timeout'], build: execute(aTimeout) },
  { name: 'four', parts: FOUR, build: execute(aRetry, aBreaker, aTimeout, aBulkhead) },
  { name: 'retry, one failure', parts: ['retry'], scenario: 'fails once', build: execute(retryAtOnce) },
  { name: 'open circuit rejects', parts: ['breaker'], scenario: 'open', build: execute(aBreaker) },
  { name: 'full bulkhead rejects', parts: ['bulkhead'], scenario: 'full', build: execute(aBulkhead) },
]);
