/**
 * Where a script is played: a clock, and cues (a call starts, work ends, somebody aborts) that fall due at times of the
 * script. Cues that are due at the same time are given in the order which the script's scheduler chooses.
 */
import type fc from 'fast-check';
import type { Timer } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

/**
 * How cues follow one another. `racing`: within a few microtasks, also among those that a timer of the library has set
 * off. `in turn`: each at a moment of its own, when all has come to rest that followed from the one before.
 */
export type Pace = 'racing' | 'in turn' | 'racing, with timers as coarse as real ones';

interface Cue {
  readonly dueAt: number;
  readonly label: string;
  readonly give: () => void;
}

class StageClock extends VirtualClock {
  /** Called in the same breath as each timer. */
  onTimer = (): void => {};
  /** How the library's timers are rounded. */
  rounded = (ms: number): number => ms;

  override setTimer(ms: number, fn: () => void): Timer {
    return this.setExact(this.rounded(ms), fn);
  }

  setExact(ms: number, fn: () => void): Timer {
    return super.setTimer(ms, () => {
      fn();
      this.onTimer();
    });
  }
}

/** As Node does it: to whole milliseconds, so that a timer may fire a fraction early, and none fires at once. */
const asNodeRounds = (ms: number): number => Math.max(1, Math.trunc(ms));

export class Stage {
  readonly clock: StageClock;
  /** Whether the script is over. */
  ended = false;
  readonly #races: boolean;
  #order: fc.Scheduler | undefined;
  readonly #hops: readonly number[];
  #cues: Cue[] = [];
  /** Handed to the scheduler, and not given yet. */
  readonly #handed = new Set<Cue>();
  readonly #last: (() => void)[] = [];
  readonly #bells = new Set<number>();
  #given = 0;
  #racing = false;
  #fault: { readonly error: unknown } | undefined = undefined;

  /** `rest` is called after each timer, when nothing more follows without time passing. */
  constructor(order: fc.Scheduler, hops: readonly number[], pace: Pace, rest: () => void) {
    const clock = new StageClock();
    if (pace === 'racing, with timers as coarse as real ones') clock.rounded = asNodeRounds;
    clock.onTimer = () => {
      if (this.#races) this.#race();
      setImmediate(() => this.claim(rest));
    };
    this.clock = clock;
    this.#races = pace !== 'in turn';
    this.#order = order;
    this.#hops = hops;
  }

  get now(): number {
    return this.clock.now();
  }

  /** Does what throws if a claim does not hold. It is kept, since whoever calls may be the library, which would make an outcome of it. */
  claim(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#fault ??= { error };
    }
  }

  /** Throws what claims have thrown. */
  complain(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** Calls `fn` when `ms` are over and its turn has come. */
  cue(ms: number, label: string, fn: () => void): void {
    const dueAt = this.now + ms;
    this.#cues.push({ dueAt, label, give: fn });
    if (ms === 0 && this.#racing) this.#hand();
    else this.#setBell(dueAt);
  }

  /** Calls `fn` after the end of the script. */
  cueAtLast(fn: () => void): void {
    this.#last.push(fn);
  }

  /** Gives the cues that were left for the end, if any. From now on there is no later. */
  end(): boolean {
    this.ended = true;
    for (const give of this.#last) give();
    return this.#last.length > 0;
  }

  // One timer for all that is due at that time. It is the script's, and keeps nothing alive.
  #setBell(dueAt: number): void {
    if (this.#bells.has(dueAt)) return;
    this.#bells.add(dueAt);
    const late = this.#races ? 0 : INSTANT;
    const ring = (): void => {
      this.#bells.delete(dueAt);
      if (!this.#races) this.#takeTurn();
    };
    this.clock.setExact(dueAt - this.now + late, ring).unref();
  }

  /** Hands the scheduler what is due. */
  #hand(): void {
    const { now } = this;
    const due = this.#cues.filter(({ dueAt }) => dueAt <= now);
    if (due.length === 0) return;
    this.#cues = this.#cues.filter(({ dueAt }) => dueAt > now);
    // In an order that does not depend on how many microtasks led here.
    due.sort((a, b) => (a.label < b.label ? -1 : 1));
    for (const cue of due) {
      this.#handed.add(cue);
      void this.#order?.schedule(NOW, cue.label).then(() => this.#give(cue));
    }
  }

  async #give(cue: Cue): Promise<void> {
    this.#handed.delete(cue);
    if (this.#races)
      for (let hops = this.#hops[this.#given++ % this.#hops.length] ?? 0; hops > 0; hops--) await NOW;
    cue.give();
  }

  // The order of a script that was pasted reaches no further than to where it failed, or where that was mended.
  async #giveRest(): Promise<void> {
    this.#order = undefined;
    for (const cue of this.#handed) await this.#give(cue);
  }

  #race(): void {
    this.#hand();
    if (this.#racing || this.#handed.size === 0) return;
    this.#racing = true;
    const given = this.#order?.waitAll() ?? this.#giveRest();
    void given
      .catch(() => this.#giveRest())
      .then(() => {
        this.#racing = false;
        this.#race();
      });
  }

  #takeTurn(): void {
    this.#hand();
    const [first] = this.#handed;
    if (first === undefined) return;
    const given = this.#order?.waitOne() ?? this.#give(first);
    void given.catch(() => {
      this.#order = undefined;
    });
    this.clock.setExact(INSTANT, () => this.#takeTurn()).unref();
  }
}

const NOW = Promise.resolve();

/** Far less than any time of a script. */
const INSTANT = 1 / 1024;

/** Resolves when no microtask is left. */
export const drained = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
