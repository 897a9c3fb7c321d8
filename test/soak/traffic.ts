/**
 * Traffic through one pipeline, on the virtual clock: time costs nothing there, and what falls due is run in the order
 * of real timers, each after all microtasks of the one before.
 */
import {
  BulkheadFullError,
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  exponential,
  pipeline,
  retry,
  retryBudget,
  TimeoutError,
  timeout,
} from 'holdfast';
import { heapInUse, type Sample } from './heap.ts';
import { anyCall, DOWN, failingCall, LEFT, type Planned, slowCall } from './kinds.ts';
import type { Listeners } from './listeners.ts';
import { LiveClock } from './live-clock.ts';

/** How calls end. */
const ENDINGS = {
  value: () => false,
  failure: (error) => error === DOWN,
  timeout: (error) => error instanceof TimeoutError && error.policy === 'timeout',
  deadline: (error) => error instanceof TimeoutError && error.policy === 'deadline',
  abort: (error) => error === LEFT,
  'circuit open': (error) => error instanceof CircuitOpenError,
  'queue full': (error) => error instanceof BulkheadFullError && error.reason === 'full',
  'queue timeout': (error) => error instanceof BulkheadFullError && error.reason === 'queue-timeout',
  'anything else': () => true,
} as const satisfies Record<string, (error: unknown) => boolean>;

type Ending = keyof typeof ENDINGS;
const names = Object.keys(ENDINGS) as Ending[];

/** Calls that come at once, and the time to the next such wave. */
const WAVE = 100;
const WAVE_MS = 5;
/** Of so many waves a few in the middle find the dependency slow, and the last ones find it down. */
const PERIOD = 200;
const SLOW = 4;
const OUTAGE = 20;
/** Longer than anything that is set. */
const EVERYTHING_MS = 10_000;

class Traffic {
  readonly clock = new LiveClock();
  readonly bulkhead = bulkhead({ concurrency: 150, queue: 50, queueTimeoutMs: 20, reclaimMs: 500 });
  readonly pipeline = pipeline(
    { name: 'soak', clock: this.clock, random: this.clock.random },
    retry({
      backoff: exponential({ baseMs: 10, maxMs: 100 }),
      budget: retryBudget({ ratio: 0.2, minPerSecond: 100, burst: 100 }),
    }),
    circuitBreaker({ window: { ms: 50 }, openMs: 20 }),
    timeout({ ms: 50 }),
    this.bulkhead,
  );
  readonly endings = Object.fromEntries(names.map((name) => [name, 0])) as Record<Ending, number>;
  /** Calls that have begun and not settled. */
  running = 0;
  /** A caller that stays as long as the process, as one does that hands on the signal of its shutdown. */
  readonly #shutdown = new AbortController();
  #waves = 0;

  /** So many calls, wave after wave; then as much time as it takes until nothing is left of them. */
  async send(calls: number): Promise<void> {
    for (let sent = 0; sent < calls; ) {
      const wave = ++this.#waves % PERIOD;
      const isSlow = wave >= PERIOD / 2 && wave < PERIOD / 2 + SLOW;
      const next = isSlow ? slowCall : wave < PERIOD - OUTAGE ? anyCall : failingCall;
      for (let i = 0; i < WAVE && sent < calls; i++, sent++) this.#begin(next(this.clock));
      await this.clock.advance(WAVE_MS);
    }
    await this.clock.advance(EVERYTHING_MS);
  }

  #begin({ operation, options = { signal: this.#shutdown.signal } }: Planned): void {
    this.running++;
    this.pipeline.run(operation, options).then(this.#succeeded, this.#failed);
  }

  readonly #succeeded = (): void => this.#ended('value');
  readonly #failed = (error: unknown): void => this.#ended(names.find((name) => ENDINGS[name](error))!);

  #ended(ending: Ending): void {
    this.running--;
    this.endings[ending]++;
  }
}

/** What became of so many calls. */
export interface Soaked {
  readonly calls: number;
  readonly samples: readonly Sample[];
  readonly endings: Readonly<Record<Ending, number>>;
  /** What is left at the end. */
  readonly left: {
    readonly 'calls that never settled': number;
    readonly 'timers alive': number;
    readonly 'listeners alive': number;
    readonly 'places held or waited for': number;
  };
}

const SAMPLES = 10;
/** Calls before the first of those that count: until then V8 compiles, and remembers what it has seen. */
const WARM_UP = 100_000;

export async function soak(
  calls: number,
  listeners: Listeners,
  onSample: (sample: Sample) => void,
): Promise<Soaked> {
  const traffic = new Traffic();
  await traffic.send(WARM_UP);
  const samples: Sample[] = [];
  for (let part = 1; part <= SAMPLES; part++) {
    const until = Math.round((calls * part) / SAMPLES);
    await traffic.send(until - (samples.at(-1)?.calls ?? 0));
    const sample = { calls: until, bytes: await heapInUse() };
    samples.push(sample);
    onSample(sample);
  }
  const { clock, endings, running } = traffic;
  const { inFlight, queued } = traffic.bulkhead;
  return {
    calls,
    samples,
    endings,
    left: {
      'calls that never settled': running,
      'timers alive': clock.live,
      'listeners alive': listeners.live,
      'places held or waited for': inFlight + queued,
    },
  };
}
