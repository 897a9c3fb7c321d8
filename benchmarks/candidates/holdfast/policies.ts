/** Holdfast's policies with the settings of the table. */
import { bulkhead, circuitBreaker, constant, exponential, pipeline, retry, timeout } from 'holdfast';
import { BREAKER, type Built, type Candidate, RETRIES, type Settings, type Work } from '../candidate.ts';

const { calls, failureRate, minimumCalls } = BREAKER;

export const aRetry = ({ backoffMs }: Settings) =>
  retry({ retries: RETRIES, backoff: exponential({ baseMs: backoffMs, maxMs: 10_000 }) });
export const aBreaker = ({ openMs }: Settings) =>
  circuitBreaker({ window: { calls }, failureRate, minimumCalls, openMs, maxOpenMs: openMs });
/** Over the last ten seconds, which is the default. */
export const aTimedBreaker = ({ openMs }: Settings) =>
  circuitBreaker({ failureRate, minimumCalls, openMs, maxOpenMs: openMs });
export const aBulkhead = ({ concurrency }: Settings) => bulkhead({ concurrency });
export const aTimeout = ({ timeoutMs }: Settings) => timeout({ ms: timeoutMs });

export const four = (settings: Settings) =>
  pipeline('bench', aRetry(settings), aBreaker(settings), aTimeout(settings), aBulkhead(settings));

// Without a budget: half of all attempts fail, which is what a budget is there to end.
export const retryAtOnce = () => retry({ retries: RETRIES, backoff: constant(0), budget: false });

// Half of all calls fail without end: this circuit must not open on that.
export const fourAtOnce = (settings: Settings) => {
  const { openMs } = settings;
  const breaker = circuitBreaker({
    window: { calls },
    failureRate: 1,
    minimumCalls,
    openMs,
    maxOpenMs: openMs,
  });
  return pipeline('bench', retryAtOnce(), breaker, aTimeout(settings), aBulkhead(settings));
};

type Runs = { run(work: Work, options?: { signal: AbortSignal }): Promise<unknown> };

export const run =
  (make: (settings: Settings) => Runs): Candidate['build'] =>
  (work, settings, signal): Built => {
    const policy = make(settings);
    return { call: signal === undefined ? () => policy.run(work) : () => policy.run(work, { signal }) };
  };
