/** How a pipeline does at this moment: the last seconds of its calls in a few numbers, in memory that does not grow. */
import type { Clock } from '../../core/clock.ts';
import { allowed } from '../../core/options.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Recorder, Run } from '../../core/run.ts';
import { type CallResult, Facts } from '../../pipeline/result.ts';
import { BUCKETS, bucketOf, quantiles } from '../../structures/duration-buckets.ts';
import { SlidingCounts } from '../../structures/sliding-counts.ts';
import { follow } from '../follow.ts';
import { isSource, SOURCE, type Source } from '../sources.ts';

/** What became of the calls of the last seconds. Of no calls there is no rate, and no percentile. */
export interface WindowStatistics {
  /**
   * The time that it covers, up to now, in milliseconds: the whole window or at most a tenth less, and no more than has
   * been observed.
   */
  readonly coveredMs: number;
  /** Calls that ended, however they did. */
  readonly calls: number;
  /** Calls that ended, by the second. */
  readonly throughput: number;
  /** Calls whose result was `failure`, `timeout` or `rejected`; the caller's own abort is no failure. */
  readonly failures: number;
  /** Those of the failures that a policy had rejected: an open circuit, a full bulkhead. */
  readonly rejections: number;
  /** `failures` among `calls`. */
  readonly errorRate: number | undefined;
  /** Half of the calls took no longer, in milliseconds, to within one percent. */
  readonly p50Ms: number | undefined;
  /** The same for 95 of 100 calls. */
  readonly p95Ms: number | undefined;
  /** The same for 99 of 100 calls. */
  readonly p99Ms: number | undefined;
  /** The same for 999 of 1,000 calls. */
  readonly p999Ms: number | undefined;
}

/** What `snapshot` gives. */
export interface StatisticsSnapshot {
  /** Of the last 10 seconds. */
  readonly last10s: WindowStatistics;
  /** Of the last 60 seconds. */
  readonly last60s: WindowStatistics;
}

/** See `observe`. */
export interface Statistics {
  /** How it stands now. */
  snapshot(): StatisticsSnapshot;
  /** Counts no further calls. */
  stop(): void;
}

// The columns before those of the buckets.
const FAILURES = 0;
const REJECTIONS = 1;
const DURATIONS = 2;

class Counter implements Statistics {
  readonly clock: Clock;
  readonly #last10s: SlidingCounts;
  readonly #last60s: SlidingCounts;
  readonly #stop: () => void;
  #stopped = false;

  constructor(source: Source) {
    this.clock = source.clock;
    const now = this.clock.now();
    this.#last10s = new SlidingCounts(10_000, DURATIONS + BUCKETS, now);
    this.#last60s = new SlidingCounts(60_000, DURATIONS + BUCKETS, now);
    this.#stop = follow([source], (pipeline) => pipeline.record((run) => new Counted(run, this)));
  }

  count(result: CallResult, durationMs: number, nowMs: number): void {
    // A run that was under way is told to the end.
    if (this.#stopped) return;
    const bucket = DURATIONS + bucketOf(durationMs);
    const refused = result === 'rejected';
    const failed = refused || result === 'failure' || result === 'timeout';
    this.#add(this.#last10s, nowMs, bucket, failed, refused);
    this.#add(this.#last60s, nowMs, bucket, failed, refused);
  }

  #add(window: SlidingCounts, nowMs: number, bucket: number, failed: boolean, refused: boolean): void {
    const { counts } = window;
    const row = window.row(nowMs);
    counts[row + bucket]!++;
    if (failed) counts[row + FAILURES]!++;
    if (refused) counts[row + REJECTIONS]!++;
  }

  snapshot = (): StatisticsSnapshot => {
    const now = this.clock.now();
    return { last10s: statisticsOf(this.#last10s, now), last60s: statisticsOf(this.#last60s, now) };
  };

  stop = (): void => {
    this.#stopped = true;
    this.#stop();
  };
}

/** One run, of which nothing is remembered but when it began and what says how it ended. */
class Counted extends Facts implements Recorder {
  readonly #counter: Counter;
  readonly #startMs: number;

  constructor(run: Run, counter: Counter) {
    super(run);
    this.#counter = counter;
    this.#startMs = run.clock.now();
  }

  ended(): void {}
  gaveUp(): void {}
  waited(): void {}
  refused(): void {}

  settled(outcome: Outcome): void {
    const { clock } = this.run;
    const endMs = clock.now();
    const nowMs = clock === this.#counter.clock ? endMs : this.#counter.clock.now();
    this.#counter.count(this.resultOf(outcome), endMs - this.#startMs, nowMs);
  }
}

function statisticsOf(window: SlidingCounts, nowMs: number): WindowStatistics {
  const { coveredMs, counts } = window.sum(nowMs);
  let calls = 0;
  for (let column = DURATIONS; column < counts.length; column++) calls += counts[column] as number;
  const [failures, rejections] = [counts[FAILURES] as number, counts[REJECTIONS] as number];
  const [p50Ms, p95Ms, p99Ms, p999Ms] = quantiles(counts, DURATIONS, calls, [500, 950, 990, 999]);
  return {
    coveredMs,
    calls,
    throughput: coveredMs > 0 ? (calls * 1_000) / coveredMs : 0,
    failures,
    rejections,
    errorRate: calls > 0 ? failures / calls : undefined,
    p50Ms,
    p95Ms,
    p99Ms,
    p999Ms,
  };
}

/**
 * Counts the calls of a pipeline, or of all pipelines of a `keyed` together, from now on. That costs an
 * object for each call, and less than a listener to `call`.
 *
 * @param source - a pipeline, or what `keyed` returns
 * @throws TypeError - if it is neither
 * @example
 * const { snapshot } = observe(payments);
 * const { throughput, errorRate, p99Ms } = snapshot().last10s;
 */
export function observe(source: Source): Statistics {
  if (!isSource(source)) throw allowed('observe', 'source', source, SOURCE);
  return new Counter(source);
}
