/**
 * A circuit breaker as the documents tell it, written without a look at the real one: plain lists of what was recorded
 * and of what is in flight, looked through anew at each question. No rings, no counters, no generations.
 */

export interface ModelRules {
  readonly window: { readonly calls?: number; readonly ms?: number };
  readonly failureRate: number;
  readonly minimumCalls: number;
  readonly lowTrafficFailures: number;
  readonly consecutiveFailures: number;
  readonly slowRate: number;
  readonly probes: number;
  readonly probeTimeoutMs: number;
}

export interface Ended {
  readonly failed: boolean;
  readonly slow: boolean;
}

interface Recorded extends Ended {
  /** When it is forgotten; never, in a window by calls. */
  readonly untilMs: number;
}

/** A call in flight. */
export interface Admitted {
  /** How many changes of state had been when it was admitted. */
  readonly era: number;
  readonly atMs: number;
}

const OUTCOMES: readonly Ended[] = [false, true].flatMap((failed) =>
  [false, true].map((slow) => ({ failed, slow })),
);

/** Every way in which so many calls can end. */
const allEnds = (calls: number): Ended[][] =>
  calls === 0 ? [[]] : allEnds(calls - 1).flatMap((ends) => OUTCOMES.map((end) => [...ends, end]));

export class NaiveBreaker {
  readonly rules: ModelRules;
  era = 0;
  /** What lies beneath an isolation, if there is one. */
  kind: 'closed' | 'open' | 'half-open' = 'closed';
  sinceMs = 0;
  waitMs = 0;
  /** For how long it opened, each time in a row. */
  waits: readonly number[] = [];
  reasons: readonly string[] = [];
  /** What was recorded since it closed, or was emptied. */
  recorded: readonly Recorded[] = [];
  /** How the probes of this half-open ended. */
  probed: readonly Ended[] = [];

  constructor(rules: ModelRules) {
    this.rules = rules;
  }

  stateAt(nowMs: number): string {
    if (this.reasons.length > 0) return 'isolated';
    return this.kind === 'open' && this.remainingMs(nowMs) === undefined ? 'half-open' : this.kind;
  }

  remainingMs(nowMs: number): number | undefined {
    if (this.kind !== 'open' || this.reasons.length > 0) return undefined;
    const overAt = this.sinceMs + this.waitMs;
    return overAt > nowMs ? overAt - nowMs : undefined;
  }

  /** What the window still holds. */
  held(nowMs: number): readonly Recorded[] {
    const { calls } = this.rules.window;
    return calls === undefined
      ? this.recorded.filter(({ untilMs }) => untilMs > nowMs)
      : this.recorded.slice(-calls);
  }

  failuresInARow(): number {
    const row = [...this.recorded].reverse().findIndex(({ failed }) => !failed);
    return row === -1 ? this.recorded.length : row;
  }

  openingsAt(nowMs: number): readonly number[] {
    const closed = this.kind === 'closed' && this.reasons.length === 0;
    return closed && nowMs - this.sinceMs >= (this.waits.at(-1) ?? 0) ? [] : this.waits;
  }

  /** Whether a call is admitted, given those in flight. It notices that a wait is over. */
  admits(inFlight: readonly Admitted[], nowMs: number): boolean {
    this.notice(nowMs);
    const state = this.stateAt(nowMs);
    if (state !== 'half-open') return state === 'closed';
    return this.probed.length + this.probing(inFlight, nowMs) < this.rules.probes;
  }

  /** How many probes have a place: those of this half-open that have not been out for too long. */
  probing(inFlight: readonly Admitted[], nowMs: number): number {
    if (this.kind !== 'half-open') return 0;
    const { probeTimeoutMs } = this.rules;
    return inFlight.filter(({ era, atMs }) => era === this.era && nowMs - atMs < probeTimeoutMs).length;
  }

  /** Records how a call ended, and says why the circuit opens or closes now, if it does. */
  record(call: Admitted, end: Ended, nowMs: number): string | undefined {
    if (call.era !== this.era) return undefined;
    if (this.kind === 'half-open') {
      this.probed = [...this.probed, end];
      return this.verdict();
    }
    this.recorded = [...this.recorded, { ...end, untilMs: this.forgottenAt(nowMs) }];
    this.dropWhatNeverCounts(nowMs);
    return this.tripsAt(nowMs);
  }

  private tripsAt(nowMs: number): string | undefined {
    const { consecutiveFailures, minimumCalls, lowTrafficFailures } = this.rules;
    if (this.failuresInARow() >= consecutiveFailures) return 'consecutive-failures';
    const held = this.held(nowMs);
    if (held.length >= minimumCalls) return this.rates(held);
    const allFailed = held.every(({ failed }) => failed);
    return allFailed && held.length >= lowTrafficFailures ? 'low-traffic' : undefined;
  }

  private rates(ends: readonly Ended[]): string | undefined {
    const { failureRate, slowRate } = this.rules;
    if (ends.filter(({ failed }) => failed).length / ends.length >= failureRate) return 'failure-rate';
    return ends.filter(({ slow }) => slow).length / ends.length >= slowRate ? 'slow-rate' : undefined;
  }

  /** Certain as soon as it is the same however the rest of the probes may end. */
  private verdict(): string | undefined {
    const missing = this.rules.probes - this.probed.length;
    const verdicts = allEnds(missing).map((rest) => this.rates([...this.probed, ...rest]));
    if (verdicts.every((reason) => reason === undefined)) return 'close';
    // Of two reasons the one that is there already.
    return verdicts.every((reason) => reason !== undefined) ? verdicts[0] : undefined;
  }

  /** With its tenth of the window: the tenths begin with the first outcome after the window was empty. */
  private forgottenAt(nowMs: number): number {
    const { ms } = this.rules.window;
    if (ms === undefined) return Infinity;
    const edgeMs = this.held(nowMs)[0]?.untilMs ?? nowMs;
    const tenth = ms / 10;
    return edgeMs + Math.floor((nowMs - edgeMs) / tenth) * tenth + ms;
  }

  // Else the list would grow for ever, and no state would come back.
  private dropWhatNeverCounts(nowMs: number): void {
    const held = this.held(nowMs).length;
    const { consecutiveFailures } = this.rules;
    const row = Number.isFinite(consecutiveFailures) ? consecutiveFailures : 0;
    this.recorded = this.recorded.slice(-Math.max(held, row));
  }

  /** An opening whose wait is over has been half-open since. */
  notice(nowMs: number): void {
    if (this.kind !== 'open' || this.stateAt(nowMs) !== 'half-open') return;
    this.become('half-open', this.sinceMs + this.waitMs);
  }

  open(nowMs: number, waitMs: number): void {
    this.waits = [...this.openingsAt(nowMs), waitMs];
    this.waitMs = waitMs;
    this.become('open', nowMs);
  }

  close(nowMs: number): void {
    if (this.kind !== 'closed') this.become('closed', nowMs);
    this.recorded = [];
  }

  isolate(reason: string, nowMs: number): void {
    if (this.reasons.length === 0) {
      this.waits = this.openingsAt(nowMs);
      this.become('closed', nowMs);
    }
    this.reasons = [...new Set([...this.reasons, reason])].sort();
  }

  release(reason: string, nowMs: number): void {
    const left = this.reasons.filter((each) => each !== reason);
    const last = this.reasons.length > 0 && left.length === 0;
    this.reasons = left;
    if (!last) return;
    this.waitMs = this.remainingMs(nowMs) ?? 0;
    this.become(this.kind, nowMs);
  }

  private become(kind: NaiveBreaker['kind'], sinceMs: number): void {
    this.era++;
    this.kind = kind;
    this.sinceMs = sinceMs;
    this.probed = [];
    if (kind === 'closed') this.recorded = [];
  }
}
