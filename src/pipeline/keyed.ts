/** One pipeline for each key, a host or a tenant say: made on first use, and dropped when nothing is lost by it. */
import { type Clock, systemClock } from '../core/clock.ts';
import { Emitter } from '../core/emitter.ts';
import type { EventOrigin } from '../core/events.ts';
import { allowed, CLOCK, COUNT, check, FUNCTION, LIMIT, type Rules, settle, TEXT } from '../core/options.ts';
import type { Operation } from '../core/policy.ts';
import { rejectLater } from '../core/promises.ts';
import type { RunOptions } from '../core/run.ts';
import type { ExtraOf } from '../core/runnable.ts';
import { Pipeline } from './pipeline.ts';
import { Entry, Shelf } from './shelf.ts';

/** Options of `keyed`. */
export interface KeyedOptions {
  /** Pipelines that are kept at most, an integer >= 1. Default: 1_000. */
  readonly max?: number | undefined;
  /** One that was not used for this long goes when that is noticed, never before, in milliseconds, > 0, `Infinity` allowed. Default: 600_000. */
  readonly idleMs?: number | undefined;
  /** Where the time for `idleMs` comes from. The pipelines have their own. Default: `systemClock`. */
  readonly clock?: Clock | undefined;
  /** What its events call it. Default: `keyed`. */
  readonly name?: string | undefined;
}

/** Something happened to the pipeline of a key. */
export interface KeyedEvent<P> {
  /** The name of the `keyed`. */
  readonly policy: string;
  readonly key: string;
  readonly pipeline: P;
}

/** A pipeline is kept from now on. */
export interface KeyedCreateEvent<P> extends KeyedEvent<P> {}

/** A pipeline is kept no longer. */
export interface KeyedEvictEvent<P> extends KeyedEvent<P> {
  /** Another needed its place, or it was not used for `idleMs`. */
  readonly reason: 'max' | 'idle';
}

/** A pipeline was made that is not kept, since none that is could go. */
export interface KeyedOverflowEvent<P> extends KeyedEvent<P> {
  /** How many of the kept have calls in flight, or permits or places that are held. */
  readonly inFlight: number;
  /** How many have none, but a circuit that is not closed. */
  readonly circuits: number;
}

/** The events of a `keyed`. */
export interface KeyedEvents<P> {
  create: KeyedCreateEvent<P>;
  evict: KeyedEvictEvent<P>;
  overflow: KeyedOverflowEvent<P>;
}

const RULES: Rules = {
  name: [TEXT, 'keyed'],
  max: [COUNT, 1_000],
  idleMs: [LIMIT, 600_000],
  clock: CLOCK,
};

type Settings = KeyedOptions & { name: string; max: number; idleMs: number };

type Follower = (key: string, pipeline: Pipeline<unknown, object>) => void;

/** See `keyed`. */
export class Keyed<P extends Pipeline<unknown, object>> extends Emitter<KeyedEvents<P>> {
  override readonly name: string;
  /** Pipelines that are kept at most. */
  readonly max: number;
  /** Where the time for `idleMs` comes from. */
  readonly clock: Clock;
  readonly #make: (key: string) => P;
  readonly #shelf: Shelf;
  readonly #untold: (() => void)[] = [];
  #telling = false;
  #followers: readonly Follower[] = [];

  constructor(make: (key: string) => P, options: KeyedOptions = {}) {
    super();
    check('keyed', 'make', make, FUNCTION);
    const { name, max, idleMs, clock = systemClock } = settle<Settings>('keyed', options, RULES);
    this.name = name;
    this.max = max;
    this.clock = clock;
    this.#make = make;
    this.#shelf = new Shelf(max, idleMs, clock);
  }

  /** How many pipelines are kept. */
  get size(): number {
    this.#look();
    return this.#shelf.kept.size;
  }

  /** The pipelines that are kept, with their keys. To look at one here does not count as use. */
  *entries(): IterableIterator<[key: string, pipeline: P]> {
    this.#look();
    for (const [key, { pipeline }] of this.#shelf.kept) yield [key, pipeline as P];
  }

  /**
   * The pipeline of the key, made if there is none. Ask for it anew for each call: whoever holds on to one goes on
   * using it after it was evicted, beside the one that others get.
   *
   * @throws TypeError - if the key is no string, or `make` returns no pipeline, or one that it has returned before;
   *   besides, what `make` throws
   */
  get(key: string): P {
    const shelf = this.#shelf;
    const entry = shelf.kept.get(key);
    if (entry === undefined) return this.#newcomer(key).pipeline as P;
    shelf.touch(entry);
    if (shelf.stale) this.#expire();
    return entry.pipeline as P;
  }

  /**
   * Runs the operation in the pipeline of the key.
   *
   * @throws TypeError | RangeError - (as a rejection) for a bad argument, and what `get` throws
   */
  run<T>(key: string, operation: Operation<T>, options?: RunOptions): Promise<T | ExtraOf<P>> {
    try {
      return this.get(key).run(operation, options) as Promise<T | ExtraOf<P>>;
    } catch (error) {
      return rejectLater(error);
    }
  }

  /** @internal Those that are kept, and those that are not but have calls in flight. To look at them drops nothing. */
  *alive(): IterableIterator<[key: string, pipeline: Pipeline<unknown, object>]> {
    for (const entries of [this.#shelf.kept, this.#shelf.guests])
      for (const [key, { pipeline }] of entries) yield [key, pipeline];
  }

  /** @internal Calls `fn` with each pipeline that there is, and that is made, until what this returns is called. */
  follow(fn: Follower): () => void {
    for (const [key, pipeline] of this.alive()) fn(key, pipeline);
    this.#followers = [...this.#followers, fn];
    return () => {
      this.#followers = this.#followers.filter((each) => each !== fn);
    };
  }

  #look(): void {
    this.#shelf.read();
    this.#expire();
  }

  /** Evicts what was not used for too long. */
  #expire(): void {
    const shelf = this.#shelf;
    for (let gone = shelf.expire(); gone !== undefined; gone = shelf.expire())
      this.#note('evict', gone, { reason: 'idle' });
    this.#tell();
  }

  #newcomer(key: string): Entry {
    if (typeof key !== 'string') throw allowed('keyed', 'key', key, 'a string');
    const shelf = this.#shelf;
    this.#look();
    const guest = shelf.guests.get(key);
    const entry = shelf.kept.get(key) ?? guest ?? new Entry(shelf, key, this.#made(key));
    // A listener and `make` are the user's code, and may have asked for the same key themselves.
    const first = shelf.kept.get(key);
    if (first !== undefined) return first;
    if (entry !== guest) for (const follow of this.#followers) follow(key, entry.pipeline);
    const gone = shelf.keep(entry);
    if (gone !== 'full') {
      if (gone !== undefined) this.#note('evict', gone, { reason: 'max' });
      this.#note('create', entry);
    } else if (guest === undefined) {
      const { circuits } = shelf;
      this.#note('overflow', entry, { inFlight: this.max - circuits, circuits });
    }
    this.#tell();
    return entry;
  }

  #made(key: string): P {
    const made = this.#make(key);
    if (!(made instanceof Pipeline)) throw allowed('keyed', 'what make returns', made, 'a pipeline');
    if (made.surrounded) throw allowed('keyed', 'what make returns', made, 'a new pipeline each time');
    return made;
  }

  /** What is to be told, once all of it has happened. */
  #note(type: keyof KeyedEvents<P>, { key, pipeline }: Entry, detail?: object): void {
    if (!this.heard(type)) return;
    const event = { policy: this.name, key, pipeline, ...detail };
    this.#untold.push(() => this.emitHere(type, event as never));
  }

  // A listener may ask for pipelines itself: what it causes is told after what it was told.
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let tell = this.#untold.shift(); tell !== undefined; tell = this.#untold.shift()) tell();
    } finally {
      this.#telling = false;
    }
  }

  /** @internal */
  override fault(error: unknown, { policy }: EventOrigin, during?: string): void {
    super.fault(error, { policy }, during);
  }
}

/**
 * Keeps one pipeline for each key, a host, tenant or shard, made on first use. At most `max` are kept: the least
 * recently used goes, but none whose circuit is not closed or that has calls in flight. Where none may go, the newcomer
 * gets a pipeline that is kept by nobody but its calls, and `overflow` is emitted. No key ever gets another's pipeline.
 *
 * @param make - makes the pipeline of a key: a new one each time, with policies of its own, apart from those that are
 *   to be shared
 * @throws RangeError | TypeError - for a bad option
 * @example
 * const hosts = keyed((host) => pipeline(host, retry(), circuitBreaker(), bulkhead()), { max: 500 });
 * const response = await hosts.run(url.host, ({ signal }) => fetch(url, { signal }));
 */
export function keyed<P extends Pipeline<unknown, object>>(
  make: (key: string) => P,
  options?: KeyedOptions,
): Keyed<P> {
  return new Keyed(make, options);
}
