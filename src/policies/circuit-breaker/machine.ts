/**
 * The circuit breaker's states, and nothing else: no clock, no timer, no events, none of the user's code. The gate in
 * `circuit-breaker.ts` reads the clock, asks, applies and tells. Times are in milliseconds, all of one clock.
 */
import { Window, type WindowSnapshot, type WindowSpan } from '../../structures/window.ts';

/** `isolated` is laid over the others. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

/** Which state refuses a call. */
export type Refusal = Exclude<BreakerState, 'closed'>;

/** Why the circuit opened. */
export type TripReason = 'failure-rate' | 'slow-rate' | 'consecutive-failures' | 'low-traffic';

/** When to trip and how to recover. */
export interface BreakerRules {
  readonly window: WindowSpan;
  readonly failureRate: number;
  readonly minimumCalls: number;
  readonly lowTrafficFailures: number;
  readonly consecutiveFailures: number;
  /** `Infinity` where slow calls do not count. */
  readonly slowRate: number;
  readonly probes: number;
  readonly probeTimeoutMs: number;
  readonly maxOpenMs: number;
}

/** What belongs to one state only. */
export type Phase =
  | { readonly kind: 'closed'; failuresInARow: number }
  | { readonly kind: 'open'; readonly waitMs: number }
  | { readonly kind: 'half-open'; results: number; failures: number; slow: number };

/** How often the circuit has opened in a row, and for how long. */
export interface Openings {
  readonly count: number;
  readonly lastMs: number;
  readonly totalMs: number;
}

const NO_OPENINGS: Openings = { count: 0, lastMs: 0, totalMs: 0 };

/**
 * A circuit breaker as plain JSON, to survive a restart. It holds ages rather than readings of a clock, for the next
 * process has another one. The error that tripped it is dropped, and the places of probes in flight are free.
 */
export interface BreakerSnapshot {
  readonly version: 1;
  readonly phase: Phase;
  /** How long ago the state began. */
  readonly ageMs: number;
  readonly openings: Openings;
  /** Why it is isolated; empty if it is not. */
  readonly reasons: readonly string[];
  readonly window: WindowSnapshot;
}

/** What an admitted call must bring back. */
export interface Admission {
  readonly generation: number;
  /** Number of the probe; 0 while closed. */
  readonly probe: number;
}

/** What a recorded result calls for. */
export type Sequel = TripReason | 'close' | undefined;

const FRESH = {
  phase: { kind: 'closed', failuresInARow: 0 },
  ageMs: 0,
  openings: NO_OPENINGS,
  reasons: [],
  window: undefined,
} as const;

export class BreakerMachine {
  readonly rules: BreakerRules;
  readonly window: Window;
  /** Why it is isolated. */
  reasons: readonly string[];
  /** Grows with each change of state: results of an older one are stale. */
  generation = 0;
  phase: Phase;
  /** When the phase began. */
  sinceMs: number;
  openings: Openings;
  private probes = 0;
  /** While half-open, the probes whose lease runs, by number: when each was admitted. */
  private places: Map<number, number>;

  /** A closed circuit, or one that goes on where the snapshot left off. */
  constructor(rules: BreakerRules, snapshot: BreakerSnapshot | typeof FRESH = FRESH, nowMs = 0) {
    this.rules = rules;
    this.window = new Window(rules.window, snapshot.window, nowMs);
    this.phase = allowedBy(rules, snapshot.phase);
    this.sinceMs = nowMs - snapshot.ageMs;
    this.openings = snapshot.openings;
    this.reasons = [...snapshot.reasons];
    this.places = placesIn(this.phase);
  }

  snapshot(nowMs: number): BreakerSnapshot {
    return {
      version: 1,
      phase: { ...this.phase },
      ageMs: Math.max(0, nowMs - this.sinceMs),
      openings: this.openings,
      reasons: [...this.reasons],
      window: this.window.snapshot(nowMs),
    };
  }

  /** The state that was entered last; of an opening that is over, see `stateAt`. */
  get state(): BreakerState {
    return this.reasons.length > 0 ? 'isolated' : this.phase.kind;
  }

  /** What the next call would meet. */
  stateAt(nowMs: number): BreakerState {
    const { state } = this;
    return state === 'open' && this.remainingMs(nowMs) === undefined ? 'half-open' : state;
  }

  /** What is left of an opening; undefined unless open. */
  remainingMs(nowMs: number): number | undefined {
    const { phase } = this;
    if (phase.kind !== 'open' || this.reasons.length > 0) return undefined;
    const leftMs = phase.waitMs - (nowMs - this.sinceMs);
    return leftMs > 0 ? leftMs : undefined;
  }

  /** Admits a call, or says which state refuses it: the number of a probe, 0 while closed. Needs the time unless closed. */
  admit(nowMs: number): number | Refusal {
    const { state, phase, places, rules } = this;
    if (state === 'closed') return 0;
    if (phase.kind !== 'half-open') return state;
    // A probe that has not settled in time loses its place, not its say.
    for (const [probe, admittedMs] of places)
      if (nowMs - admittedMs >= rules.probeTimeoutMs) places.delete(probe);
    if (phase.results + places.size >= rules.probes) return state;
    places.set(++this.probes, nowMs);
    return this.probes;
  }

  /** Gives back the place of a call that says nothing: unused, ignored or aborted. */
  ignore({ probe }: Admission): void {
    this.places.delete(probe);
  }

  /** Counts a result, and says what it calls for: the caller is to `open` or `close`. A stale one counts nothing. */
  record(admission: Admission, failed: boolean, slow: boolean, nowMs: number): Sequel {
    const { phase, window, rules } = this;
    if (admission.generation !== this.generation || phase.kind === 'open') return undefined;
    if (phase.kind === 'half-open') {
      this.ignore(admission);
      phase.failures += Number(failed);
      phase.slow += Number(slow);
      const missing = rules.probes - ++phase.results;
      // The verdict falls as soon as it is certain: the rest cannot save the rates, or cannot spoil them.
      const { failures } = phase;
      return (
        this.overRate(rules.probes, failures, phase.slow) ??
        (this.overRate(rules.probes, failures + missing, phase.slow + missing) ? undefined : 'close')
      );
    }
    window.record(failed, slow, nowMs);
    const { calls, failures } = window;
    phase.failuresInARow = failed ? phase.failuresInARow + 1 : 0;
    if (phase.failuresInARow >= rules.consecutiveFailures) return 'consecutive-failures';
    if (calls >= rules.minimumCalls) return this.overRate(calls, failures, window.slow);
    return failures === calls && failures >= rules.lowTrafficFailures ? 'low-traffic' : undefined;
  }

  // Written as the documents say it, so that 7 of 100 trip at 0.07.
  private overRate(calls: number, failures: number, slow: number): TripReason | undefined {
    if (failures / calls >= this.rules.failureRate) return 'failure-rate';
    return slow / calls >= this.rules.slowRate ? 'slow-rate' : undefined;
  }

  /** After a trip, since when the dependency has not seemed well: no part of the window alone was below the rates. */
  get unwellSinceMs(): number | undefined {
    return this.window.unwellSince(({ calls, failures, slow }) => !this.overRate(calls, failures, slow));
  }

  /** The openings in a row before one that begins now: forgotten if the circuit stayed closed as long as the last. */
  openingsAt(nowMs: number): Openings {
    const forgotten = this.state === 'closed' && nowMs - this.sinceMs >= this.openings.lastMs;
    return forgotten ? NO_OPENINGS : this.openings;
  }

  /** Opens for `waitMs`. An open circuit starts its wait anew, which is no change of state. */
  open(nowMs: number, waitMs: number): void {
    const { count, totalMs } = this.openingsAt(nowMs);
    this.openings = { count: count + 1, lastMs: waitMs, totalMs: totalMs + waitMs };
    if (this.phase.kind === 'open') this.generation--;
    this.enter({ kind: 'open', waitMs }, nowMs);
  }

  /** Lets probes in. An opening that is over became half-open when its wait was over, not now. */
  halfOpen(): void {
    const { waitMs } = this.phase as { waitMs: number };
    this.enter({ kind: 'half-open', results: 0, failures: 0, slow: 0 }, this.sinceMs + waitMs);
  }

  /** Closes, with an empty window. */
  close(nowMs: number): void {
    const { phase } = this;
    if (phase.kind !== 'closed') return this.enter({ ...FRESH.phase }, nowMs);
    phase.failuresInARow = 0;
    this.window.clear();
  }

  /** Adds a reason to be isolated. What lies beneath is closed, unless `open` is called meanwhile. */
  isolate(reason: string, nowMs: number): void {
    if (this.reasons.length === 0) {
      this.openings = this.openingsAt(nowMs);
      this.enter({ ...FRESH.phase }, nowMs);
    }
    if (!this.reasons.includes(reason)) this.reasons = [...this.reasons, reason];
  }

  /** Takes a reason back. With the last, what lies beneath comes to light, and begins now: with what is left of it. */
  release(reason: string, nowMs: number): void {
    const others = this.reasons.filter((each) => each !== reason);
    const last = others.length === 0 && this.reasons.length > 0;
    this.reasons = others;
    if (!last) return;
    const waitMs = this.remainingMs(nowMs) ?? 0;
    this.enter(this.phase.kind === 'open' ? { kind: 'open', waitMs } : this.phase, nowMs);
  }

  private enter(phase: Phase, sinceMs: number): void {
    this.phase = phase;
    this.sinceMs = sinceMs;
    this.generation++;
    this.places = placesIn(phase);
    if (phase.kind === 'closed') this.window.clear();
  }
}

// Only probes take places; while there cannot be any, all breakers share a map in which nobody ever stands.
const NO_PLACES = new Map<number, number>();
const placesIn = ({ kind }: Phase): Map<number, number> => (kind === 'half-open' ? new Map() : NO_PLACES);

// The rules may have changed since the snapshot: no opening is longer than they allow, and probes that would have
// decided already are asked for again.
function allowedBy({ maxOpenMs, probes }: BreakerRules, phase: Phase): Phase {
  if (phase.kind === 'open') return { ...phase, waitMs: Math.min(phase.waitMs, maxOpenMs) };
  if (phase.kind === 'closed' || phase.results < probes) return { ...phase };
  return { kind: 'half-open', results: 0, failures: 0, slow: 0 };
}
