/** Stops calling a dependency that fails, and tries now and then whether it is well again. */
import { isDelay } from '../../backoff/backoff.ts';
import { BuiltIn } from '../../core/built-in.ts';
import type { Call, CallNode } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { type Decision, type Judge, judge } from '../../core/judge.ts';
import { allowed, name as nameCheck } from '../../core/options.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Gate } from '../../core/policy.ts';
import { CircuitOpenError } from './errors.ts';
import type { BreakerEvents, BreakerStats, Change } from './events.ts';
import { type Admission, BreakerMachine, type BreakerState } from './machine.ts';
import { type BreakerSettings, type CircuitBreakerOptions, settingsFrom } from './options.ts';
import { BreakerPermit } from './permit.ts';
import { type BreakerSnapshot, fromSnapshot, takeSnapshot } from './snapshot.ts';

/** One admission: what the breaker must remember of it. */
export interface Ticket extends Admission {
  /** Undefined where there is no run: an acquired permit. */
  readonly call: CallNode | undefined;
  /** When it was admitted; 0 where no durations are looked at. */
  readonly atMs: number;
}

// Admitted only because the breaker observes: in earnest it would have been refused, so its result counts for nothing.
const OBSERVED_GENERATION = -1;

/** See `circuitBreaker`. */
export class CircuitBreaker extends BuiltIn<BreakerEvents> implements Gate<Ticket> {
  readonly #settings: BreakerSettings;
  readonly #judge: Judge | undefined;
  readonly #observeOnly: boolean;
  readonly #restored: BreakerSnapshot | undefined;
  #machine: BreakerMachine;
  #cause: unknown = undefined;

  constructor(options: CircuitBreakerOptions = {}) {
    const settings = settingsFrom(options);
    super('circuit-breaker', options);
    this.#settings = settings;
    this.#judge = options.judge;
    this.#observeOnly = options.observeOnly ?? false;
    this.#restored = options.restore;
    this.#machine = this.#build();
  }

  #build(): BreakerMachine {
    const { rules, makeWindow } = this.#settings;
    if (this.#restored === undefined) return new BreakerMachine(rules, makeWindow());
    return fromSnapshot(this.#restored, rules, makeWindow(), this.clock.now());
  }

  override adoptClock(clock: Clock): boolean {
    const before = this.clock;
    const adopted = super.adoptClock(clock);
    // A snapshot was placed in the time of a clock that turns out not to be this breaker's.
    if (this.#restored !== undefined && this.clock !== before) this.#machine = this.#build();
    return adopted;
  }

  /** What the next call would meet: `half-open` as soon as the wait is over. */
  get state(): BreakerState {
    return this.#machine.stateAt(this.clock.now());
  }

  /** What the window holds now. */
  get stats(): BreakerStats {
    return this.#statsAt(this.clock.now());
  }

  /** Milliseconds until the next call may be admitted; undefined unless open. */
  get retryAfterMs(): number | undefined {
    return this.#machine.remainingMs(this.clock.now());
  }

  /** Opens the circuit, as if it had tripped; on an open circuit the wait starts anew. */
  open(): void {
    const now = this.clock.now();
    this.#settle(now, undefined);
    this.#open(now, undefined, { reason: 'manual' });
  }

  /** Closes the circuit, with an empty window. */
  close(): void {
    const now = this.clock.now();
    this.#settle(now, undefined);
    this.#change(now, undefined, { reason: 'manual' }, () => this.#machine.close(now));
  }

  /** Rejects every call until this reason, and every other, is released. Each operator takes back only its own. */
  isolate(reason: string): void {
    nameCheck('isolate', 'reason', reason);
    const now = this.clock.now();
    this.#settle(now, undefined);
    this.#change(now, undefined, { reason: 'isolation' }, () => this.#machine.isolate(reason, now));
  }

  /** Takes back a reason for isolation; with the last, the circuit is closed, or what `open` set meanwhile. */
  release(reason: string): void;
  /** @internal As a gate: the work of an admitted call is over, of which a breaker has learned already. */
  release(ticket: Ticket): void;
  release(reason: string | Ticket): void {
    if (typeof reason === 'object') return;
    nameCheck('release', 'reason', reason);
    const now = this.clock.now();
    this.#change(now, undefined, { reason: 'isolation' }, () => this.#machine.release(reason));
  }

  /** The breaker as plain JSON, for the option `restore` of another. */
  snapshot(): BreakerSnapshot {
    return takeSnapshot(this.#machine, this.clock.now());
  }

  /** Admits work that is not a function: undefined if the circuit refuses it. */
  tryAcquire(): BreakerPermit | undefined {
    const entered = this.#admit(undefined);
    if (typeof entered === 'string') return undefined;
    return new BreakerPermit((outcome) => this.#leavePermit(entered, outcome));
  }

  enter(call: Call): Ticket | CircuitOpenError {
    const node = call as CallNode;
    const entered = this.#admit(node);
    return typeof entered === 'string' ? this.#error(entered, node) : entered;
  }

  leave(ticket: Ticket, outcome: Outcome | 'unused'): void {
    if (outcome === 'unused') return this.#machine.ignore(ticket);
    if (this.#isLate(ticket, outcome)) return;
    this.#record(ticket, outcome, judge(this.#judge, outcome, ticket.call as CallNode, this));
  }

  // Without a run nobody is asked to judge: the permit's method says what it was.
  #leavePermit(ticket: Ticket, outcome: Outcome | undefined): void {
    if (outcome === undefined) return this.#machine.ignore(ticket);
    if (this.#isLate(ticket, outcome)) return;
    const verdict = outcome.ok ? 'success' : 'failure';
    this.#record(ticket, outcome, { verdict, retry: false, retryAfterMs: undefined });
  }

  #admit(call: CallNode | undefined): Ticket | Exclude<BreakerState, 'closed'> {
    const machine = this.#machine;
    const timed = machine.timed || this.#settings.slowCallMs !== Infinity;
    const now = timed ? this.clock.now() : 0;
    if (machine.timed) this.#settle(now, call);
    const admission = machine.admit(now);
    if (typeof admission === 'object') return { ...admission, call, atMs: now };
    if (this.heardIn(call, 'reject')) {
      const retryAfterMs = machine.remainingMs(now);
      this.emitIn(call, 'reject', { state: admission, retryAfterMs, ...this.#observed() });
    }
    return this.#observeOnly ? { generation: OBSERVED_GENERATION, probe: 0, call, atMs: now } : admission;
  }

  #error(state: Exclude<BreakerState, 'closed'>, call: CallNode): CircuitOpenError {
    const init = this.errorInit(call);
    const what = state === 'half-open' ? 'is half-open and its probes are out' : `is ${state}`;
    const message = `${init.pipeline === undefined ? '' : `${init.pipeline}: `}the circuit of ${init.policy} ${what}`;
    const retryAfterMs = state === 'open' ? this.retryAfterMs : undefined;
    const cause = state === 'isolated' ? undefined : this.#cause;
    return new CircuitOpenError(message, { ...init, state, retryAfterMs, cause });
  }

  #isLate(ticket: Ticket, outcome: Outcome): boolean {
    if (!this.#machine.isStale(ticket)) return false;
    const tell = ticket.generation !== OBSERVED_GENERATION && this.heardIn(ticket.call, 'stale');
    if (tell) this.emitIn(ticket.call, 'stale', { outcome, ...this.#observed() });
    return true;
  }

  #record(ticket: Ticket, outcome: Outcome, decision: Decision): void {
    const machine = this.#machine;
    if (decision.verdict === 'ignore') return machine.ignore(ticket);
    const { slowCallMs } = this.#settings;
    const timed = machine.window.timed || slowCallMs !== Infinity;
    const now = timed ? this.clock.now() : 0;
    const slow = slowCallMs !== Infinity && now - ticket.atMs > slowCallMs;
    const verdict = machine.record(ticket, decision.verdict === 'failure', slow, now);
    if (verdict === undefined) return;
    const at = timed ? now : this.clock.now();
    if (verdict.to === 'closed') {
      this.#change(at, ticket.call, { reason: 'probes' }, () => machine.close(at));
    } else {
      this.#open(at, ticket.call, { reason: verdict.reason, cause: outcome.error }, decision.retryAfterMs);
    }
  }

  #open(now: number, call: CallNode | undefined, change: Change, hintMs = 0): void {
    const { generation } = this.#machine;
    const waitMs = Math.min(this.#settings.maxOpenMs, Math.max(this.#waitMs(now, call), hintMs));
    // A backoff is the user's code, and may have changed the state itself.
    if (this.#machine.generation !== generation) return;
    this.#cause = change.cause;
    this.#change(now, call, change, () => this.#machine.open(now, waitMs));
  }

  #waitMs(now: number, call: CallNode | undefined): number {
    const { openMs, maxOpenMs } = this.#settings;
    if (typeof openMs === 'number') return openMs;
    const { count, lastMs, totalMs } = this.#machine.openingsAt(now);
    try {
      const ms = openMs(count + 1, { previousMs: lastMs, totalMs, random: this.randomIn(call) });
      if (isDelay(ms)) return ms;
      throw allowed(RangeError, this.name, 'openMs', ms, 'a function that gives a delay in milliseconds');
    } catch (fault) {
      this.faultIn(call, fault);
      return Math.min(FALLBACK_OPEN_MS, maxOpenMs);
    }
  }

  /** The wait of an opening may be over: then the circuit has been half-open since, and now it is said. */
  #settle(now: number, call: CallNode | undefined): void {
    this.#change(now, call, { reason: 'wait-over' }, () => this.#machine.settle(now));
  }

  /** Applies what may change the state, and emits exactly one event if it did. */
  #change(now: number, call: CallNode | undefined, { reason, cause }: Change, apply: () => void): void {
    const machine = this.#machine;
    const { generation } = machine;
    const from = machine.reasons.size > 0 ? 'isolated' : machine.phase.kind;
    apply();
    if (machine.generation === generation) return;
    const to = machine.reasons.size > 0 ? 'isolated' : machine.phase.kind;
    if (from === to || !this.heard('state')) return;
    const atMs = reason === 'wait-over' ? machine.phase.sinceMs : now;
    const { pipeline } = call?.scope.run.owner ?? {};
    const stats = this.#statsAt(now);
    const event = { policy: this.name, pipeline, from, to, atMs, reason, cause, stats, ...this.#observed() };
    this.emitHere('state', event);
  }

  #statsAt(now: number): BreakerStats {
    const { window, rules } = this.#machine;
    window.age(now);
    const { calls, failures, slow } = window;
    const enough = calls >= rules.minimumCalls;
    return {
      calls,
      failures,
      slow,
      failureRate: enough ? failures / calls : undefined,
      slowRate: enough ? slow / calls : undefined,
      openings: this.#machine.openings.count,
    };
  }

  #observed(): { observed?: true } {
    return this.#observeOnly ? { observed: true } : {};
  }

  protected override asPolicy(): this {
    return this;
  }
}

/** For how long it opens where a backoff given as `openMs` fails: its default. */
const FALLBACK_OPEN_MS = 5_000;

/**
 * Watches how calls end, and rejects them for a while once too many fail or are slow; then a few probes decide whether
 * it closes again. It may stand in many pipelines, which then share its state.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example circuitBreaker({ window: { ms: 10_000 }, failureRate: 0.5, minimumCalls: 20, openMs: 5_000 })
 */
export function circuitBreaker(options?: CircuitBreakerOptions): CircuitBreaker {
  return new CircuitBreaker(options);
}
