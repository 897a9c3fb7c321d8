/**
 * The pipelines of a `keyed`, and which of them may go: no user code runs in here, and nothing is emitted.
 *
 * A pipeline that is kept is in one of three places. With calls in flight it stands nowhere, and comes back when the
 * last of them ends. Without, it stands in the list of the idle, in the order of their last use. If it is found there,
 * when a place is needed, to hold what must not be lost, it is put aside until the policy that holds that says that it
 * has changed. So each is looked at once for each time it is used, however many newcomers come meanwhile.
 */
import type { BuiltIn } from '../core/built-in.ts';
import type { Clock } from '../core/clock.ts';
import { Link } from '../core/links.ts';
import type { Gate } from '../core/policy.ts';
import type { Pipeline } from './pipeline.ts';

type AnyPipeline = Pipeline<unknown, object>;

type AnyPolicy = BuiltIn<object, unknown>;

/** What an entry tells of its calls. */
interface Ledger {
  began(entry: Entry): void;
  ended(entry: Entry): void;
}

/** A pipeline and its key. It is also the outermost gate of the pipeline, to know of the calls in flight. */
export class Entry extends Link implements Gate<undefined> {
  readonly key: string;
  readonly pipeline: AnyPipeline;
  readonly policies: readonly AnyPolicy[];
  kept = false;
  inFlight = 0;
  /** When it was last used; `Infinity` until the clock is next read. */
  usedAt = Infinity;
  /** Its place in the order of use. */
  turn = 0;
  /** Takes back that it waits for a policy. */
  stopWaiting: (() => void) | undefined = undefined;
  /** Whether what it waits for is a circuit. */
  circuit: boolean | undefined = undefined;
  private readonly ledger: Ledger;

  constructor(ledger: Ledger, key: string, pipeline: AnyPipeline) {
    super();
    this.ledger = ledger;
    this.key = key;
    this.pipeline = pipeline;
    this.policies = pipeline.builtIns;
    pipeline.surround(this);
  }

  enter(): undefined {
    if (this.inFlight++ === 0) this.ledger.began(this);
  }

  leave(): void {
    if (--this.inFlight === 0) this.ledger.ended(this);
  }
}

/** The head of the list of the idle, at which every search ends. */
class Head extends Link {
  readonly usedAt = Infinity;
  readonly turn = Infinity;
}

export class Shelf implements Ledger {
  readonly kept = new Map<string, Entry>();
  /** Those that are not kept but have calls in flight. */
  readonly guests = new Map<string, Entry>();
  /** Of the entries that are put aside, how many are for a circuit. */
  circuits = 0;
  readonly #idle = new Head();
  #turn = 0;
  /** When the clock was last read. */
  #readAt = -Infinity;
  /** In how many of the kept each policy stands. */
  readonly #standing = new Map<AnyPolicy, number>();
  readonly #max: number;
  readonly #idleMs: number;
  readonly #clock: Clock;

  constructor(max: number, idleMs: number, clock: Clock) {
    this.#max = max;
    this.#idleMs = idleMs;
    this.#clock = clock;
  }

  /**
   * Reads the clock, where time matters: what was used since it was last read was used now. A lookup alone does not
   * read it, which would be most of its cost; at worst what it found is kept a little longer.
   */
  read(): void {
    if (this.#idleMs === Infinity) return;
    this.#readAt = this.#clock.now();
    let entry = this.#idle.previous as Entry;
    for (; entry.usedAt === Infinity && entry.turn !== Infinity; entry = entry.previous as Entry)
      entry.usedAt = this.#readAt;
  }

  /** Whether there was anything for `expire` to look at when the clock was last read. */
  get stale(): boolean {
    return this.#first.usedAt + this.#idleMs <= this.#readAt;
  }

  /** Takes out one whose time was over when the clock was last read, if there is any. */
  expire(): Entry | undefined {
    const gone = this.stale ? this.#evictable() : undefined;
    if (gone === undefined || gone.usedAt + this.#idleMs > this.#readAt) return undefined;
    this.#remove(gone);
    return gone;
  }

  /** The entry was asked for. */
  touch(entry: Entry): void {
    if (entry.inFlight > 0) return;
    this.#takeUp(entry);
    entry.usedAt = Infinity;
    entry.turn = ++this.#turn;
    this.#idle.push(entry);
  }

  /** Keeps one more. At the limit another has to go: it is returned, or `full` if none may. */
  keep(entry: Entry): Entry | 'full' | undefined {
    const full = this.kept.size >= this.#max;
    const victim = full ? this.#evictable() : undefined;
    if (victim !== undefined) this.#remove(victim);
    else if (full) return 'full';
    for (const policy of entry.policies) {
      const standing = this.#standing.get(policy) ?? 0;
      this.#standing.set(policy, standing + 1);
      // It stood in one only, which may have been put aside for it.
      if (standing === 1) policy.released();
    }
    this.guests.delete(entry.key);
    this.kept.set(entry.key, entry);
    entry.kept = true;
    this.touch(entry);
    this.read();
    return victim;
  }

  began(entry: Entry): void {
    const { key, kept } = entry;
    if (kept) this.#takeUp(entry);
    else if (!this.kept.has(key) && !this.guests.has(key)) this.guests.set(key, entry);
  }

  ended(entry: Entry): void {
    if (entry.kept) {
      this.touch(entry);
      this.read();
    } else {
      if (this.guests.get(entry.key) === entry) this.guests.delete(entry.key);
      rest(entry);
    }
  }

  get #first(): Entry {
    return this.#idle.next as Entry;
  }

  /** The least recently used of those that may go. */
  #evictable(): Entry | undefined {
    for (let entry = this.#first; entry.turn !== Infinity; entry = this.#first) {
      const holder = entry.policies.find((policy) => this.#isHeldBy(policy));
      if (holder === undefined) return entry;
      this.#putAside(entry, holder);
    }
    return undefined;
  }

  // What is not lost with the entry does not hold it: a policy that others of the kept have too, or, where it is not
  // the policy's state but work, of which it cannot be told whose it is, that any other pipeline has.
  #isHeldBy(policy: AnyPolicy): boolean {
    const { holds } = policy;
    if (holds === undefined || this.#standing.get(policy) !== 1) return false;
    return holds === 'circuit' || !policy.shared;
  }

  #putAside(entry: Entry, holder: AnyPolicy): void {
    entry.unlink();
    entry.circuit = holder.holds === 'circuit';
    this.circuits += Number(entry.circuit);
    entry.stopWaiting = holder.whenReleased(() => {
      this.#takeUp(entry);
      this.#insert(entry);
    });
  }

  /** Takes the entry from where it stands. */
  #takeUp(entry: Entry): void {
    entry.unlink();
    if (entry.stopWaiting === undefined) return;
    entry.stopWaiting();
    entry.stopWaiting = undefined;
    this.circuits -= Number(entry.circuit);
  }

  // What was put aside was the least recently used then: only others that were, too, can stand before it.
  #insert(entry: Entry): void {
    let after = this.#first;
    while (after.turn < entry.turn) after = after.next as Entry;
    after.push(entry);
  }

  #remove(entry: Entry): void {
    this.#takeUp(entry);
    this.kept.delete(entry.key);
    entry.kept = false;
    for (const policy of entry.policies) {
      const left = (this.#standing.get(policy) as number) - 1;
      if (left > 0) this.#standing.set(policy, left);
      else this.#standing.delete(policy);
    }
    rest(entry);
  }
}

function rest({ policies }: Entry): void {
  for (const policy of policies) policy.rest();
}
