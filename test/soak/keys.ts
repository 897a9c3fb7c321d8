/**
 * Requests over very many keys, of which few can be kept: whether anything stays of the pipelines that were made for
 * them, though they share policies, and somebody listens to each.
 */
import {
  bulkhead,
  CircuitBreaker,
  circuitBreaker,
  constant,
  keyed,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { heapInUse, type Sample } from './heap.ts';
import { LiveClock } from './live-clock.ts';

/** Of so many requests each is for another key, by chance. */
const KEYS = 100_000;
const MAX = 1_000;
/** Requests that come at once, and the time to the next such wave. */
const WAVE = 100;
const WAVE_MS = 5;
const SAMPLES = 10;
const WARM_UP = 50_000;
/** How often the garbage is collected in the end, until nothing is left that could be. */
const ROUNDS = 20;

/** What became of so many requests. */
export interface SoakedKeys {
  readonly requests: number;
  readonly samples: readonly Sample[];
  /** Pipelines that were made, and those of them that were not kept. */
  readonly made: number;
  readonly overflows: number;
  /** The most that were ever kept. */
  readonly most: number;
  readonly left: {
    readonly 'requests that never settled': number;
    readonly 'requests that another key answered': number;
    readonly 'pipelines kept at the end': number;
    readonly 'timers alive, of what is not shared': number;
    readonly 'listeners left on the shared circuit': number;
  };
}

class Hosts {
  readonly clock = new LiveClock();
  made = 0;
  overflows = 0;
  most = 0;
  running = 0;
  misled = 0;
  kept = 0;
  readonly breaker = circuitBreaker({ name: 'shared', lowTrafficFailures: Infinity, failureRate: 1 });
  listening = 0;
  readonly hosts = this.#hosts();

  #hosts() {
    const { clock, breaker } = this;
    this.#count(breaker);
    const sockets = bulkhead({ name: 'sockets', concurrency: 10_000 });
    const budget = retryBudget({ burst: 1_000 });
    const make = (name: string) => {
      this.made++;
      return pipeline(
        { name, clock, random: clock.random },
        retry({ budget, backoff: constant(10) }),
        sockets,
        breaker,
        circuitBreaker({ openMs: 20 }),
        timeout({ ms: 50 }),
        bulkhead({ concurrency: 2, queue: 2 }),
      );
    };
    return keyed(make, { max: MAX, idleMs: 60_000, clock })
      .on('create', (event) => event.pipeline.on('state', () => {}))
      .on('overflow', () => this.overflows++);
  }

  // Each pipeline that is listened to has a listener on the breaker that all share.
  #count(breaker: { on: unknown; off: unknown }): void {
    const { on, off } = breaker as Record<'on' | 'off', (...args: unknown[]) => unknown>;
    breaker.on = (...args: unknown[]) => {
      this.listening++;
      return on.apply(breaker, args);
    };
    breaker.off = (...args: unknown[]) => {
      this.listening--;
      return off.apply(breaker, args);
    };
  }

  async send(requests: number): Promise<void> {
    for (let sent = 0; sent < requests; ) {
      for (let i = 0; i < WAVE && sent < requests; i++, sent++) this.#begin();
      this.most = Math.max(this.most, this.hosts.size);
      await this.clock.advance(WAVE_MS);
    }
    await this.clock.advance(1_000);
  }

  #begin(): void {
    const { clock } = this;
    const key = `host-${Math.floor(clock.random() * KEYS)}`;
    const fate = clock.random();
    this.running++;
    const operation = ({ pipeline: name }: { pipeline: string | undefined }): unknown => {
      this.misled += Number(name !== key);
      if (fate < 0.05) throw new Error('down');
      if (fate < 0.9) return name;
      return new Promise((resolve) => void clock.setTimer(fate < 0.99 ? 20 : 80, () => resolve(name)));
    };
    const over = (): void => void this.running--;
    this.hosts.run(key, operation).then(over, over);
  }

  // Apart, since a function that awaits keeps what its variables last held, and so the last of the pipelines.
  #closeCircuits(): void {
    for (const [, { policies }] of this.hosts.entries())
      for (const policy of policies) if (policy instanceof CircuitBreaker) policy.close();
  }

  /** Closes the circuits that are not, for which nobody calls any more, and lets everything go that is idle. */
  async end(): Promise<void> {
    this.#closeCircuits();
    await this.clock.advance(60_000);
    this.kept = this.hosts.size;
    // What is collected takes its listeners back, when the runtime finds the time to say so.
    for (let round = 0; round < ROUNDS && this.listening > 0; round++) await heapInUse();
  }
}

export async function soakKeys(requests: number, onSample: (sample: Sample) => void): Promise<SoakedKeys> {
  const world = new Hosts();
  await world.send(WARM_UP);
  const samples: Sample[] = [];
  for (let part = 1; part <= SAMPLES; part++) {
    const until = Math.round((requests * part) / SAMPLES);
    await world.send(until - (samples.at(-1)?.calls ?? 0));
    const sample = { calls: until, bytes: await heapInUse() };
    samples.push(sample);
    onSample(sample);
  }
  await world.end();
  const { made, overflows, most, running, misled, kept } = world;
  return {
    requests,
    samples,
    made,
    overflows,
    most,
    left: {
      'requests that never settled': running,
      'requests that another key answered': misled,
      'pipelines kept at the end': kept,
      'timers alive, of what is not shared': world.clock.live,
      'listeners left on the shared circuit': world.listening,
    },
  };
}
