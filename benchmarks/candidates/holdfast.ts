/** Holdfast: each policy alone, in pairs, all four, and the ways in which a call does not simply succeed. */
import {
  bulkhead,
  circuitBreaker,
  constant,
  exponential,
  fallback,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import {
  ANSWER,
  BREAKER,
  type Built,
  type Candidate,
  RETRIES,
  type Settings,
  type Work,
} from './candidate.ts';

const { calls, failureRate, minimumCalls } = BREAKER;

const aRetry = ({ backoffMs }: Settings) =>
  retry({ retries: RETRIES, backoff: exponential({ baseMs: backoffMs, maxMs: 10_000 }) });
const aBreaker = ({ openMs }: Settings) =>
  circuitBreaker({ window: { calls }, failureRate, minimumCalls, openMs });
const aBulkhead = ({ concurrency }: Settings) => bulkhead({ concurrency });
const aTimeout = ({ timeoutMs }: Settings) => timeout({ ms: timeoutMs });

const four = (settings: Settings) =>
  pipeline('bench', aRetry(settings), aBreaker(settings), aTimeout(settings), aBulkhead(settings));

type Runs = { run(work: Work, options?: { signal: AbortSignal }): Promise<unknown> };

const run =
  (make: (settings: Settings) => Runs): Candidate['build'] =>
  (work, settings, signal): Built => {
    const policy = make(settings);
    return { call: signal === undefined ? () => policy.run(work) : () => policy.run(work, { signal }) };
  };

const FOUR = ['retry', 'breaker', 'timeout', 'bulkhead'] as const;

export const holdfast: readonly Candidate[] = (
  [
    { name: 'retry', parts: ['retry'], build: run(aRetry) },
    { name: 'breaker', parts: ['breaker'], build: run(aBreaker) },
    {
      name: 'breaker, window of 10 s',
      parts: ['breaker'],
      build: run(({ openMs }) => circuitBreaker({ failureRate, minimumCalls, openMs })),
    },
    { name: 'bulkhead', parts: ['bulkhead'], build: run(aBulkhead) },
    { name: 'timeout', parts: ['timeout'], build: run(aTimeout) },
    { name: 'fallback', parts: ['fallback'], build: run(() => fallback(ANSWER)) },
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
    { name: 'four, operation reads its signal', parts: FOUR, scenario: 'reads signal', build: run(four) },
    { name: 'four, caller passes a signal', parts: FOUR, scenario: 'caller signal', build: run(four) },
    { name: 'four, one failure', parts: FOUR, scenario: 'fails once', build: run(fourAtOnce) },
    { name: 'retry, one failure', parts: ['retry'], scenario: 'fails once', build: run(retryAtOnce) },
    { name: 'open circuit rejects', parts: ['breaker'], scenario: 'open', build: run(aBreaker) },
    { name: 'four, open circuit rejects', parts: FOUR, scenario: 'open', build: run(four) },
    { name: 'full bulkhead rejects', parts: ['bulkhead'], scenario: 'full', build: run(aBulkhead) },
  ] satisfies (Omit<Candidate, 'library' | 'scenario'> & Partial<Candidate>)[]
).map((row) => ({ scenario: 'succeeds', ...row, library: 'holdfast', name: `holdfast: ${row.name}` }));

// Without a budget: half of all attempts fail, which is what a budget is there to end.
function retryAtOnce() {
  return retry({ retries: RETRIES, backoff: constant(0), budget: false });
}

// Half of all calls fail without end: this circuit must not open on that.
function fourAtOnce(settings: Settings) {
  const breaker = circuitBreaker({
    window: { calls },
    failureRate: 1,
    minimumCalls,
    openMs: settings.openMs,
  });
  return pipeline('bench', retryAtOnce(), breaker, aTimeout(settings), aBulkhead(settings));
}
