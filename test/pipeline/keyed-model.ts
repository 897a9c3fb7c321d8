/**
 * What `keyed` promises, the slow way: a list of what is kept, which is looked through from end to end. It asks the real
 * breakers and bulkheads how they stand, counts the calls and permits itself, and says who must be kept, and who goes.
 */
import {
  type BreakerPermit,
  type Bulkhead,
  bulkhead,
  type CircuitBreaker,
  circuitBreaker,
  type Keyed,
  keyed,
  type Pipeline,
  pipeline,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

export interface Shape {
  readonly max: number;
  readonly idleMs: number;
  /** Whether all pipelines have one breaker and one bulkhead in common, besides their own. */
  readonly sharing: boolean;
}

export const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** A pipeline that was made, and what the model knows of it. */
export interface Made {
  readonly key: string;
  readonly pipeline: Pipeline;
  readonly breaker: CircuitBreaker;
  readonly limit: Bulkhead;
  readonly permits: BreakerPermit[];
  pending: number;
  usedAt: number;
  turn: number;
}

export class World {
  readonly clock = new VirtualClock();
  readonly subject: Keyed<Pipeline>;
  readonly common = circuitBreaker({ name: 'common' });
  readonly commonLimit = bulkhead({ name: 'common limit', concurrency: 1_000 });
  /** All that were ever made. */
  readonly made: Made[] = [];
  readonly kept = new Map<string, Made>();
  readonly guests = new Map<string, Made>();
  readonly jobs: { end(): void; fail(): void }[] = [];
  readonly faults: string[] = [];
  readonly reached: Record<string, number> = {};
  readonly #shape: Shape;
  #turn = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    const { max, idleMs } = shape;
    this.subject = keyed((key) => this.#make(key), { max, idleMs, clock: this.clock });
    this.subject.on('evict', (event) => this.#onEvict(event.pipeline));
    this.subject.on('overflow', (event) => {
      if (event.inFlight + event.circuits !== max) this.faults.push('overflow does not account for all');
      this.#reach(event.circuits > 0 ? 'overflow by circuits' : 'overflow by calls');
    });
  }

  #make(key: string): Pipeline {
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 6 });
    const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity });
    const { common, commonLimit, clock } = this;
    const shared = this.#shape.sharing ? [common, commonLimit] : [];
    const made = pipeline({ name: key, clock }, ...shared, breaker, timeout({ ms: 9 }), limit);
    this.made.push({ key, pipeline: made, breaker, limit, permits: [], pending: 0, usedAt: 0, turn: 0 });
    return made;
  }

  #reach(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }

  // The promises themselves, whatever the model thinks.
  #onEvict(gone: Pipeline): void {
    const entry = this.made.find((each) => each.pipeline === gone) as Made;
    if (entry.breaker.state !== 'closed') this.faults.push('a circuit that is not closed was evicted');
    if (entry.pending + entry.permits.length + entry.limit.inFlight > 0)
      this.faults.push('what has calls in flight was evicted');
    this.#reach('evicted');
  }

  #isHeld(entry: Made): boolean {
    const alone = this.#shape.sharing && this.kept.size === 1;
    return (
      entry.pending + entry.permits.length + entry.limit.inFlight + entry.limit.queued > 0 ||
      entry.breaker.state !== 'closed' ||
      (alone && this.common.state !== 'closed')
    );
  }

  #touch(entry: Made): void {
    if (entry.pending > 0) return;
    entry.usedAt = this.clock.now();
    entry.turn = ++this.#turn;
  }

  /** Who may go, the least recently used first. */
  get #free(): Made[] {
    return [...this.kept.values()].filter((each) => !this.#isHeld(each)).sort((a, b) => a.turn - b.turn);
  }

  /** What was unused for too long goes, one after the other: the last that has the common breaker may be held. */
  expire(): void {
    for (;;) {
      const late = this.#free.find(({ usedAt }) => usedAt + this.#shape.idleMs <= this.clock.now());
      if (late === undefined) return;
      this.kept.delete(late.key);
      this.#reach('expired');
    }
  }

  /** Asks for a pipeline, and says which it must be. */
  get(key: string): Made {
    this.expire();
    const before = this.made.length;
    const expected = this.kept.get(key) ?? this.guests.get(key);
    const given = this.subject.get(key);
    const entry = expected ?? (this.made[before] as Made);
    if (this.made.length !== before + Number(expected === undefined)) this.faults.push('made a needless one');
    if (given !== entry.pipeline) this.faults.push(`${key} got ${given.name}, or another of its own`);
    if (entry.key !== key || given.name !== key) this.faults.push('a key got the pipeline of another');
    if (this.kept.get(key) === entry) {
      this.#touch(entry);
    } else {
      const victim = this.kept.size < this.#shape.max ? undefined : this.#free[0];
      if (victim !== undefined) this.kept.delete(victim.key);
      if (this.kept.size < this.#shape.max) {
        if (this.guests.get(key) === entry) this.#reach('kept after all');
        this.guests.delete(key);
        this.kept.set(key, entry);
        this.#touch(entry);
      }
    }
    return entry;
  }

  /** Begins a call, through `keyed` or through a pipeline that somebody holds. */
  begin(entry: Made, run: (operation: () => Promise<unknown>) => Promise<unknown>): void {
    const work = () =>
      new Promise((resolve, reject) => {
        this.jobs.push({ end: () => resolve(1), fail: () => reject(new Error('down')) });
      });
    const { key } = entry;
    if (entry.pending++ === 0 && this.kept.get(key) !== entry && !this.kept.has(key) && !this.guests.has(key))
      this.guests.set(key, entry);
    const over = (): void => {
      if (--entry.pending > 0) return;
      if (this.kept.get(key) === entry) this.#touch(entry);
      if (this.guests.get(key) === entry) this.guests.delete(key);
    };
    run(work).then(over, over);
  }

  /** Compares what is kept with what must be. */
  check(): void {
    this.expire();
    const real = new Map(this.subject.entries());
    const want = [...this.kept.values()].map(({ key }) => key).sort();
    if (this.subject.size !== real.size || real.size > this.#shape.max) this.faults.push('the size is wrong');
    if ([...real.keys()].sort().join() !== want.join())
      this.faults.push(`kept are ${[...real.keys()].sort()}, not ${want}`);
    for (const [key, kept] of real)
      if (kept !== this.kept.get(key)?.pipeline) this.faults.push(`${key} has another pipeline`);
    if (this.faults.length > 0) throw new Error(this.faults.join('; '));
  }
}
