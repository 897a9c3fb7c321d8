/**
 * The circuit breaker's states, and nothing else: no clock, no timer, no events, none of the user's code. The gate in
 * `circuit-breaker.ts` reads the clock, asks, applies and tells. Times are in milliseconds, all of one clock.
 */
import { type Tally, Window, type WindowSnapshot } from '../../structures/window.ts';

/** `isolated` is laid over the others. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

/** Which state refuses a call. */
export type Refusal = Exclude<BreakerState, 'closed'>;

/** Why the circuit opened. */
export type TripReason = 'failure-rate' | 'slow-rate' | 'consecutive-failures' | 'low-traffic';

/** When to trip and how to recover. */
export interface BreakerRules {
  readonly failureRate: number;
  readonly minimumCalls: number;
  readonly lowTrafficFailures: number;
  readonly consecutiveFailures: number;
  /** `Infinity` where slow calls do not count. */
  readonly slowRate: number;
  readonly probes: number;
  readonly probeTimeoutMs: number;
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
export type Verdict = TripReason | 'close' | undefined;

export class BreakerMachine {
  readonly rules: BreakerRules;
  readonly window: Window;
  readonly reasons: Set<string>;
  /** Grows with each change of state: results of an older one are stale. */
  generation = 0;
  phase: Phase;
  /** When the phase began. */
  sinceMs: number;
  openings: Openings;
  #probes = 0;
  /** While half-open, the probes whose lease runs, by number: when each was admitted. */
  readonly #places = new Map<number, number>();

  /** A closed circuit with that window, or one that goes on where the snapshot left off. */
  constructor(rules: BreakerRules, window: Window, snapshot?: BreakerSnapshot, nowMs = 0) {
    this.rules = rules;
    this.window = snapshot ? Window.restore(snapshot.window, nowMs) : window;
    this.phase = snapshot ? { ...snapshot.phase } : { kind: 'closed', failuresInARow: 0 };
    this.sinceMs = snapshot ? nowMs - snapshot.ageMs : 0;
    this.openings = snapshot?.openings ?? NO_OPENINGS;
    this.reasons = new Set(snapshot?.reasons);
  }

  snapshot(nowMs: number): BreakerSnapshot {
    const { phase, openings, reasons, window, sinceMs } = this;
    const ageMs = nowMs - sinceMs;
    return { phase: { ...phase }, ageMs, openings, reasons: [...reasons], window: window.snapshot(nowMs) };
  }

  /** The state that was entered last; of an opening that is over, see `stateAt`. */
  get state(): BreakerState {
    return this.reasons.size > 0 ? 'isolated' : this.phase.kind;
  }

  /** What the next call would meet. */
  stateAt(nowMs: number): BreakerState {
    return this.state === 'open' && this.remainingMs(nowMs) === undefined ? 'half-open' : this.state;
  }

  /** What is left of an opening; undefined unless open. */
  remainingMs(nowMs: number): number | undefined {
    const { phase, state, sinceMs } = this;
    if (phase.kind !== state || phase.kind !== 'open') return undefined;
    const leftMs = phase.waitMs - (nowMs - sinceMs);
    return leftMs > 0 ? leftMs : undefined;
  }

  /** Begins the half-open state if an opening is over: it became so when the wait was over, not now. */
  settle(nowMs: number): void {
    const { phase } = this;
    if (phase.kind !== 'open' || this.stateAt(nowMs) !== 'half-open') return;
    this.#enter({ kind: 'half-open', results: 0, failures: 0, slow: 0 }, this.sinceMs + phase.waitMs);
  }

  /** Admits a call, or says which state refuses it. Needs the time unless closed, and the state to be settled. */
  admit(nowMs: number): Admission | Refusal {
    const { state, phase, generation } = this;
    if (state === 'closed') return { generation, probe: 0 };
    if (state !== 'half-open' || phase.kind !== state) return state;
    // A probe that has not settled in time loses its place, not its say.
    for (const [probe, admittedMs] of this.#places) {
      if (nowMs - admittedMs >= this.rules.probeTimeoutMs) this.#places.delete(probe);
    }
    if (phase.results + this.#places.size >= this.rules.probes) return state;
    this.#places.set(++this.#probes, nowMs);
    return { generation, probe: this.#probes };
  }

  /** Gives back the place of a call that says nothing: unused, ignored or aborted. */
  ignore({ probe }: Admission): void {
    this.#places.delete(probe);
  }

  /** Counts a result, and says what it calls for: the caller is to `open` or `close`. A stale one counts nothing. */
  record(admission: Admission, failed: boolean, slow: boolean, nowMs: number): Verdict {
    const { phase, window, rules } = this;
    if (admission.generation !== this.generation || phase.kind === 'open') return undefined;
    if (phase.kind === 'half-open') {
      this.ignore(admission);
      phase.results++;
      if (failed) phase.failures++;
      if (slow) phase.slow++;
      return this.#judgeProbes(phase);
    }
    window.record(failed, slow, nowMs);
    phase.failuresInARow = failed ? phase.failuresInARow + 1 : 0;
    if (phase.failuresInARow >= rules.consecutiveFailures) return 'consecutive-failures';
    if (window.calls >= rules.minimumCalls) return this.#overRate(window);
    const allFailed = window.failures === window.calls;
    return allFailed && window.failures >= rules.lowTrafficFailures ? 'low-traffic' : undefined;
  }

  // The verdict falls as soon as it is certain: the rest cannot save the rates, or cannot spoil them.
  #judgeProbes({ results, failures, slow }: { results: number; failures: number; slow: number }): Verdict {
    const calls = this.rules.probes;
    const missing = calls - results;
    const worst = { calls, failures: failures + missing, slow: slow + missing };
    return this.#overRate({ calls, failures, slow }) ?? (this.#overRate(worst) ? undefined : 'close');
  }

  // Written as the documents say it, so that 7 of 100 trip at 0.07.
  #overRate({ calls, failures, slow }: Tally): TripReason | undefined {
    if (failures / calls >= this.rules.failureRate) return 'failure-rate';
    return slow / calls >= this.rules.slowRate ? 'slow-rate' : undefined;
  }

  /** The openings in a row before one that begins now: forgotten if the circuit stayed closed as long as the last. */
  openingsAt(nowMs: number): Openings {
    const forgotten = this.phase.kind === 'closed' && nowMs - this.sinceMs >= this.openings.lastMs;
    return forgotten ? NO_OPENINGS : this.openings;
  }

  /** Opens for `waitMs`. An open circuit starts its wait anew, which is no change of state. */
  open(nowMs: number, waitMs: number): void {
    const { count, totalMs } = this.openingsAt(nowMs);
    this.openings = { count: count + 1, lastMs: waitMs, totalMs: totalMs + waitMs };
    const { generation } = this;
    const again = this.phase.kind === 'open';
    this.#enter({ kind: 'open', waitMs }, nowMs);
    if (again) this.generation = generation;
  }

  /** Closes, with an empty window. A closed circuit stays as it is. */
  close(nowMs: number): void {
    if (this.phase.kind !== 'closed') this.#enter({ kind: 'closed', failuresInARow: 0 }, nowMs);
  }

  /** Adds a reason to be isolated. What lies beneath is closed, unless `open` is called meanwhile. */
  isolate(reason: string, nowMs: number): void {
    if (this.reasons.size === 0) this.#enter({ kind: 'closed', failuresInARow: 0 }, nowMs);
    this.reasons.add(reason);
  }

  /** Takes a reason back. With the last, what lies beneath comes to light. */
  release(reason: string): void {
    if (this.reasons.delete(reason) && this.reasons.size === 0) this.generation++;
  }

  #enter(phase: Phase, sinceMs: number): void {
    this.phase = phase;
    this.sinceMs = sinceMs;
    this.generation++;
    this.#places.clear();
    if (phase.kind === 'closed') this.window.clear();
  }
}
