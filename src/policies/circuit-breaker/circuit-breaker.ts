/** Stops calling a dependency that fails, and tries now and then whether it is well again. */
import { DELAY } from '../../backoff/backoff.ts';
import { BuiltIn, type Holding } from '../../core/built-in.ts';
import type { Call, CallNode } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { isRejection, messageFor } from '../../core/errors.ts';
import { type Decision, judge, type Verdict } from '../../core/judge.ts';
import { check, TEXT } from '../../core/options.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Gate } from '../../core/policy.ts';
import { Run } from '../../core/run.ts';
import { CircuitOpenError } from './errors.ts';
import type { BreakerEvents, BreakerStateEvent, BreakerStats, ChangeReason } from './events.ts';
import {
  type Admission,
  BreakerMachine,
  type BreakerSnapshot,
  type BreakerState,
  type Refusal,
} from './machine.ts';
import { type BreakerSettings, type CircuitBreakerOptions, settingsFrom } from './options.ts';
import { type BreakerPermit, permit } from './permit.ts';

/** One admission: what the breaker must remember of it. */
interface Ticket extends Admission {
  readonly call: CallNode;
  /** When it was admitted; 0 where no durations are looked at. */
  readonly atMs: number;
}

// Admitted only because the breaker observes: in earnest it would have been refused, so its result counts for nothing.
const OBSERVED: Admission = { generation: -1, probe: 0 };

/** See `circuitBreaker`. */
export class CircuitBreaker extends BuiltIn<BreakerEvents, never, BreakerSettings> implements Gate {
  #machine: BreakerMachine;
  #cause: unknown = undefined;
  readonly #events: BreakerStateEvent[] = [];
  #admitted = 0;

  constructor(options: CircuitBreakerOptions = {}) {
    super('circuit-breaker', settingsFrom(options));
    this.#machine = this.#build();
  }

  #build(): BreakerMachine {
    const { restore } = this.settings;
    return new BreakerMachine(this.settings, restore, restore && this.clock.now());
  }

  /** @internal */
  override adoptClock(clock: Clock): void {
    const before = this.clock;
    super.adoptClock(clock);
    // A snapshot was placed in the time of a clock that turns out not to be this breaker's.
    if (this.settings.restore && this.clock !== before) this.#machine = this.#build();
  }

  /** @internal */
  override get holds(): Holding | undefined {
    if (this.#machine.state !== 'closed') return 'circuit';
    return this.#admitted > 0 ? 'work' : undefined;
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
    const call = new Run(this);
    this.#open(this.#settledAt(call), call, 'manual');
  }

  /** Closes the circuit, with an empty window. */
  close(): void {
    this.#control('manual', (now) => this.#machine.close(now));
  }

  /** Rejects every call until this reason, and every other, is released. Each operator takes back only its own. */
  isolate(reason: string): void {
    check('isolate', 'reason', reason, TEXT);
    this.#control('isolation', (now) => this.#machine.isolate(reason, now));
  }

  /** Takes back a reason for isolation; with the last, the circuit is closed, or what `open` set meanwhile. */
  release(reason: string): void;
  release(reason: string | Ticket): void {
    // As a gate: the work of an admitted call is over, of which a breaker has learned already.
    if (typeof reason === 'object' && reason !== null) return;
    check('release', 'reason', reason, TEXT);
    const now = this.clock.now();
    this.#change(now, new Run(this), 'isolation', () => this.#machine.release(reason, now));
  }

  /** The breaker as plain JSON, for the option `restore` of another. */
  snapshot(): BreakerSnapshot {
    return this.#machine.snapshot(this.clock.now());
  }

  /** Admits work that is not a function: undefined if the circuit refuses it. */
  tryAcquire(): BreakerPermit | undefined {
    const ticket = this.enter(new Run(this));
    if (isRejection(ticket)) return undefined;
    return permit((outcome, verdict) => this.leave(ticket, outcome, undefined, verdict));
  }

  /** @internal */
  enter(call: Call): Ticket | CircuitOpenError {
    const node = call as CallNode;
    const machine = this.#machine;
    const { slowCallMs, observeOnly } = this.settings;
    const atMs = machine.state === 'closed' && slowCallMs === Infinity ? 0 : this.#settledAt(node);
    const answer = machine.admit(atMs);
    if (typeof answer === 'number') {
      this.#admitted++;
      return { call: node, atMs, generation: machine.generation, probe: answer };
    }
    this.#announce(node, answer, atMs);
    if (!observeOnly) return this.#refusal(node, answer, atMs);
    this.#admitted++;
    return { call: node, atMs, ...OBSERVED };
  }

  // These are apart since a function with a closure in it allocates for that at each call, also of those admitted.
  #announce(call: CallNode, state: Refusal, now: number): void {
    const retryAfterMs = this.#machine.remainingMs(now);
    this.emitIn(call, 'reject', () => ({ state, retryAfterMs, ...this.#mark }));
  }

  #refusal(call: CallNode, state: Refusal, now: number): CircuitOpenError {
    const cause = state === 'isolated' ? undefined : this.#cause;
    const retryAfterMs = this.#machine.remainingMs(now);
    const init = { ...this.errorInit(call), state, retryAfterMs, cause };
    return new CircuitOpenError(messageFor(init, `is ${state}`), init);
  }

  /** @internal @param verdict - what the outcome counts as, where the judges are not to be asked */
  leave(ticket: Ticket, outcome: Outcome | 'unused', _running?: boolean, verdict?: Verdict): void {
    try {
      this.#learn(ticket, outcome, verdict);
    } finally {
      this.#admitted--;
      this.releasedIfIdle();
    }
  }

  #learn(ticket: Ticket, outcome: Outcome | 'unused', verdict: Verdict | undefined): void {
    const machine = this.#machine;
    const { call, atMs, generation } = ticket;
    if (outcome === 'unused') return machine.ignore(ticket);
    if (generation !== machine.generation) return this.#stale(ticket, outcome);
    const decision: Partial<Decision> = verdict ? { verdict } : judge(this, outcome, call);
    if (decision.verdict === 'ignore') return machine.ignore(ticket);
    const { slowCallMs } = this.settings;
    const timed = machine.window.timed || slowCallMs !== Infinity;
    const now = timed ? this.clock.now() : 0;
    const sequel = machine.record(ticket, decision.verdict === 'failure', now - atMs > slowCallMs, now);
    if (sequel === undefined) return;
    const at = timed ? now : this.clock.now();
    if (sequel === 'close') this.#close(at, call);
    else this.#open(at, call, sequel, outcome.error, decision.retryAfterMs);
  }

  #stale({ call, generation }: Ticket, outcome: Outcome): void {
    if (generation !== OBSERVED.generation) this.emitIn(call, 'stale', () => ({ outcome, ...this.#mark }));
  }

  #close(now: number, call: CallNode): void {
    this.#change(now, call, 'probes', () => this.#machine.close(now));
  }

  #control(reason: ChangeReason, apply: (now: number) => void): void {
    const call = new Run(this);
    const now = this.#settledAt(call);
    this.#change(now, call, reason, () => apply(now));
  }

  #open(now: number, call: CallNode, reason: ChangeReason, cause?: unknown, hintMs = 0): void {
    const machine = this.#machine;
    const { generation } = machine;
    const waitMs = Math.min(this.settings.maxOpenMs, Math.max(this.#waitMs(now, call), hintMs));
    // A backoff is the user's code, and may have changed the state itself: then that stands.
    if (machine.generation !== generation) return;
    this.#cause = cause;
    forgetFrames(cause);
    this.#change(now, call, reason, () => machine.open(now, waitMs));
  }

  #waitMs(now: number, call: CallNode): number {
    const { openMs } = this.settings;
    if (typeof openMs === 'number') return openMs;
    const { count, lastMs: previousMs, totalMs } = this.#machine.openingsAt(now);
    try {
      const ms = openMs(count + 1, { previousMs, totalMs, random: this.randomIn(call) });
      check(this.name, 'delay of openMs', ms, DELAY);
      return ms;
    } catch (fault) {
      this.faultIn(call, fault);
      return DEFAULT_OPEN_MS;
    }
  }

  /** The time now. If the wait of an opening is over, the circuit has been half-open since, and now it is said. */
  #settledAt(call: CallNode): number {
    const now = this.clock.now();
    const machine = this.#machine;
    if (machine.stateAt(now) !== machine.state)
      this.#change(now, call, 'wait-over', () => machine.halfOpen());
    return now;
  }

  /** Applies what may change the state, and emits exactly one event if it did. */
  #change(now: number, call: CallNode, reason: ChangeReason, apply: () => void): void {
    const machine = this.#machine;
    const from = machine.state;
    apply();
    const to = machine.state;
    this.releasedIfIdle();
    const { owner, recorder } = call.run;
    if (from === to || !(this.heard('state') || recorder?.emitted)) return;
    const event: BreakerStateEvent = {
      policy: this.name,
      pipeline: call.pipeline,
      from,
      to,
      atMs: machine.sinceMs,
      reason,
      unwellSinceMs: tripped(from, reason) ? machine.unwellSinceMs : undefined,
      cause: to === 'open' ? this.#cause : undefined,
      ...this.#mark,
      stats: this.#statsAt(now),
    };
    recorder?.emitted?.('state', { ...event, policy: owner.labelOf(this) });
    // A listener may change the state again: what it causes is told after what it was told.
    const waiting = this.#events.push(event);
    if (waiting > 1) return;
    for (let next = this.#events[0]; next !== undefined; next = this.#events[0]) {
      this.emitHere('state', next);
      this.#events.shift();
    }
  }

  #statsAt(now: number): BreakerStats {
    const { window } = this.#machine;
    window.age(now);
    const { calls, failures, slow } = window;
    const enough = calls >= this.settings.minimumCalls;
    return {
      calls,
      failures,
      slow,
      failureRate: enough ? failures / calls : undefined,
      slowRate: enough ? slow / calls : undefined,
      openings: this.#machine.openingsAt(now).count,
    };
  }

  get #mark(): { observed: true } | undefined {
    return this.settings.observeOnly ? { observed: true } : undefined;
  }
}

const tripped = (from: BreakerState, reason: ChangeReason): boolean =>
  from === 'closed' && reason !== 'manual' && reason !== 'isolation';

// Until its stack is first read, V8 keeps alive all that an error was thrown through: here, for as long as the breaker
// remembers it, the pipeline and the call.
function forgetFrames(error: unknown): void {
  try {
    if (error instanceof Error) void error.stack;
  } catch {
    // A stack that cannot be read holds nothing that could be let go of.
  }
}

/** For how long it opens where a backoff given as `openMs` fails. */
const DEFAULT_OPEN_MS = 5_000;

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
