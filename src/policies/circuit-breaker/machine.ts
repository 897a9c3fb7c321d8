/**
 * The circuit breaker's states, and nothing else: no clock, no timer, no events, none of the user's code. The gate in
 * `circuit-breaker.ts` reads the clock, asks, applies and tells. Times are in milliseconds, all of one clock.
 */
import type { Tally, Window } from '../../structures/window.ts';

/** `isolated` is laid over the others. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

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

interface Closed {
  readonly kind: 'closed';
  readonly sinceMs: number;
  consecutiveFailures: number;
}

interface Open {
  readonly kind: 'open';
  readonly sinceMs: number;
  readonly waitMs: number;
}

interface HalfOpen {
  readonly kind: 'half-open';
  readonly sinceMs: number;
  results: number;
  failures: number;
  slow: number;
  /** The probes whose lease runs, by number: when each was admitted. */
  readonly places: Map<number, number>;
}

export type Phase = Closed | Open | HalfOpen;

/** How often the circuit has opened in a row, and for how long. */
export interface Openings {
  readonly count: number;
  readonly lastMs: number;
  readonly totalMs: number;
}

export const NO_OPENINGS: Openings = { count: 0, lastMs: 0, totalMs: 0 };

/** What an admitted call must bring back. */
export interface Admission {
  readonly generation: number;
  /** Number of the probe; 0 while closed. */
  readonly probe: number;
}

/** What a recorded result calls for. */
export type Verdict = { readonly to: 'open'; readonly reason: TripReason } | { readonly to: 'closed' } | undefined;

const CLOSE: Verdict = { to: 'closed' };

export class BreakerMachine {
  readonly rules: BreakerRules;
  readonly window: Window;
  readonly reasons = new Set<string>();
  /** Grows with each change of state: results of an older one are stale. */
  generation = 0;
  phase: Phase = { kind: 'closed', sinceMs: -Infinity, consecutiveFailures: 0 };
  openings: Openings = NO_OPENINGS;
  #probes = 0;

  constructor(rules: BreakerRules, window: Window) {
    this.rules = rules;
    this.window = window;
  }

  /** What the next call would meet. */
  stateAt(nowMs: number): BreakerState {
    if (this.reasons.size > 0) return 'isolated';
    return this.#waitIsOver(nowMs) ? 'half-open' : this.phase.kind;
  }

  #waitIsOver(nowMs: number): boolean {
    return this.phase.kind === 'open' && nowMs - this.phase.sinceMs >= this.phase.waitMs;
  }

  /** What is left of an opening; undefined unless open. */
  remainingMs(nowMs: number): number | undefined {
    const { phase } = this;
    if (phase.kind !== 'open' || this.stateAt(nowMs) !== 'open') return undefined;
    return phase.sinceMs + phase.waitMs - nowMs;
  }

  /** Whether `admit` needs the time. */
  get timed(): boolean {
    return this.phase.kind !== 'closed';
  }

  /** Admits a call, or says which state refuses it. May begin the half-open state, and with it a generation. */
  admit(nowMs: number): Admission | Exclude<BreakerState, 'closed'> {
    if (this.reasons.size > 0) return 'isolated';
    this.settle(nowMs);
    const { phase } = this;
    switch (phase.kind) {
      case 'closed':
        return { generation: this.generation, probe: 0 };
      case 'open':
        return 'open';
      case 'half-open': {
        this.#lapse(phase, nowMs);
        if (phase.results + phase.places.size >= this.rules.probes) return 'half-open';
        phase.places.set(++this.#probes, nowMs);
        return { generation: this.generation, probe: this.#probes };
      }
    }
  }

  /** Begins the half-open state if an opening is over. It became so when the wait was over, not now. */
  settle(nowMs: number): void {
    const { phase } = this;
    if (phase.kind !== 'open' || this.reasons.size > 0 || !this.#waitIsOver(nowMs)) return;
    const sinceMs = phase.sinceMs + phase.waitMs;
    this.#enter({ kind: 'half-open', sinceMs, results: 0, failures: 0, slow: 0, places: new Map() });
  }

  /** A probe that has not settled in time loses its place, not its say. */
  #lapse({ places }: HalfOpen, nowMs: number): void {
    for (const [probe, admittedMs] of places) {
      if (nowMs - admittedMs >= this.rules.probeTimeoutMs) places.delete(probe);
    }
  }

  /** Whether what an admission led to changes nothing any more. */
  isStale(admission: Admission): boolean {
    return admission.generation !== this.generation;
  }

  /** Gives back the place of a call that says nothing: unused, ignored or aborted. */
  ignore(admission: Admission): void {
    if (this.phase.kind === 'half-open' && !this.isStale(admission)) this.phase.places.delete(admission.probe);
  }

  /** Counts a result that is not stale, and says what it calls for; `open` or `close` is the caller's to apply. */
  record(admission: Admission, failed: boolean, slow: boolean, nowMs: number): Verdict {
    const { phase } = this;
    if (this.isStale(admission)) return undefined;
    if (phase.kind === 'half-open') return this.#recordProbe(phase, admission, failed, slow);
    if (phase.kind !== 'closed') return undefined;
    this.window.record(failed, slow, nowMs);
    phase.consecutiveFailures = failed ? phase.consecutiveFailures + 1 : 0;
    const reason = this.#tripReason(phase);
    return reason && { to: 'open', reason };
  }

  #tripReason({ consecutiveFailures }: Closed): TripReason | undefined {
    const { rules, window } = this;
    if (consecutiveFailures >= rules.consecutiveFailures) return 'consecutive-failures';
    if (window.calls >= rules.minimumCalls) return overRate(rules, window, window.calls);
    const allFailed = window.failures === window.calls;
    return allFailed && window.failures >= rules.lowTrafficFailures ? 'low-traffic' : undefined;
  }

  // The verdict falls as soon as it is certain: the rest cannot save the rates, or cannot spoil them.
  #recordProbe(phase: HalfOpen, { probe }: Admission, failed: boolean, slow: boolean): Verdict {
    const { rules } = this;
    phase.places.delete(probe);
    phase.results++;
    if (failed) phase.failures++;
    if (slow) phase.slow++;
    const reason = overRate(rules, phase, rules.probes);
    if (reason !== undefined) return { to: 'open', reason };
    const missing = rules.probes - phase.results;
    const worst = { failures: phase.failures + missing, slow: phase.slow + missing };
    return overRate(rules, worst, rules.probes) === undefined ? CLOSE : undefined;
  }

  /** The openings in a row before one that begins now: forgotten if the circuit stayed closed as long as the last. */
  openingsAt(nowMs: number): Openings {
    const { phase } = this;
    const stayedClosed = phase.kind === 'closed' && nowMs - phase.sinceMs >= this.openings.lastMs;
    return stayedClosed ? NO_OPENINGS : this.openings;
  }

  /** Opens for `waitMs`. An open circuit starts its wait anew, which is no change of state. */
  open(nowMs: number, waitMs: number): void {
    const { count, totalMs } = this.openingsAt(nowMs);
    this.openings = { count: count + 1, lastMs: waitMs, totalMs: totalMs + waitMs };
    const phase: Phase = { kind: 'open', sinceMs: nowMs, waitMs };
    if (this.phase.kind === 'open') this.phase = phase;
    else this.#enter(phase);
  }

  /** Closes, with an empty window. A closed circuit stays as it is. */
  close(nowMs: number): void {
    if (this.phase.kind === 'closed') return;
    this.#enter({ kind: 'closed', sinceMs: nowMs, consecutiveFailures: 0 });
    this.window.clear();
  }

  /** Adds a reason to be isolated. What lies beneath is closed, unless `open` is called meanwhile. */
  isolate(reason: string, nowMs: number): void {
    if (this.reasons.size === 0) {
      this.#enter({ kind: 'closed', sinceMs: nowMs, consecutiveFailures: 0 });
      this.window.clear();
    }
    this.reasons.add(reason);
  }

  /** Takes a reason back. With the last, what lies beneath comes to light. */
  release(reason: string): void {
    if (this.reasons.delete(reason) && this.reasons.size === 0) this.generation++;
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    this.generation++;
  }

  clone(): BreakerMachine {
    const copy = new BreakerMachine(this.rules, this.window.clone());
    for (const reason of this.reasons) copy.reasons.add(reason);
    copy.generation = this.generation;
    const { phase } = this;
    copy.phase = phase.kind === 'half-open' ? { ...phase, places: new Map(phase.places) } : { ...phase };
    copy.openings = this.openings;
    copy.#probes = this.#probes;
    return copy;
  }

  /** Puts the machine where a snapshot says. */
  restore(phase: Phase, openings: Openings, reasons: Iterable<string>): void {
    this.phase = phase;
    this.openings = openings;
    for (const reason of reasons) this.reasons.add(reason);
  }
}

// `failures / calls >= rate`, written as the documents say it: 7 of 100 trips at 0.07.
function overRate(rules: BreakerRules, { failures, slow }: Omit<Tally, 'calls'>, calls: number): TripReason | undefined {
  if (failures / calls >= rules.failureRate) return 'failure-rate';
  if (slow / calls >= rules.slowRate) return 'slow-rate';
  return undefined;
}
