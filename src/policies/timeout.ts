/** Gives up on a call that takes too long. */

import { inward, outward } from '../core/adapt.ts';
import { BuiltIn, type CommonOptions } from '../core/built-in.ts';
import type { CallNode } from '../core/call.ts';
import { messageFor, TimeoutError } from '../core/errors.ts';
import type { TimeoutEvent } from '../core/events.ts';
import { CLOCK, LIMIT, NAME, type Rules, settle } from '../core/options.ts';
import { type Failure, failure, type Outcome } from '../core/outcome.ts';
import type { Layer, Next } from '../core/policy.ts';
import { Scope } from '../core/scope.ts';
import { type Stage, tell } from '../core/stage.ts';
import { type LaneEntry, TimerLane } from '../structures/timer-lane.ts';

/** Options of `timeout`. */
export interface TimeoutOptions extends CommonOptions {
  /** The time that the call may take, in milliseconds, > 0; `Infinity` for none. */
  readonly ms: number;
  /**
   * `race`: at `ms` the signal aborts and the call rejects, whether or not the operation listens. `cooperate`: the
   * signal aborts, and the call waits for the operation; a value that it then returns stands. Default: `race`.
   */
  readonly mode?: 'race' | 'cooperate' | undefined;
}

/** The events of a timeout. */
export interface TimeoutEvents {
  timeout: TimeoutEvent;
}

const RULES: Rules = { name: NAME, clock: CLOCK, ms: [LIMIT], mode: ["'race' or 'cooperate'", 'race'] };

type Mode = 'race' | 'cooperate';

/** See `timeout`. */
export class Timeout extends BuiltIn<TimeoutEvents> implements Layer {
  /** The time that a call may take, in milliseconds. */
  readonly ms: number;
  readonly mode: 'race' | 'cooperate';
  /** @internal All calls have the same time, and so share one timer. */
  readonly lane: TimerLane;

  constructor(options: TimeoutOptions) {
    const settings = settle<TimeoutOptions & { mode: Mode }>('timeout', options, RULES, 'ms');
    super('timeout', settings);
    this.ms = settings.ms;
    this.mode = settings.mode;
    this.lane = new TimerLane(this, this.ms);
  }

  /** @internal */
  override rest(): void {
    this.lane.rest();
  }

  around(next: Next): Next {
    return outward(this.stageAround(inward(next)));
  }

  /** @internal */
  override stageAround(next: Stage): Stage {
    if (this.ms === Infinity) return next;
    return (operation, call) => next(operation, new TimedScope(this, call));
  }

  /** @internal */
  error(call: CallNode): TimeoutError {
    const init = this.errorInit(call);
    return new TimeoutError(messageFor(init, `of ${this.ms} ms is over`), { ...init, ms: this.ms });
  }

  /** @internal */
  announce(call: CallNode): void {
    this.emitIn(call, 'timeout', () => ({ ms: this.ms }));
  }
}

/** Microtasks in which an async function that waits for what the signal rejects has ended. */
const HEEDED = 3;

/** What stands inside the timeout, for one call; it waits in the lane for its time to be over. */
class TimedScope extends Scope implements LaneEntry {
  earlier: LaneEntry = this;
  later: LaneEntry = this;
  dueAt = 0;
  private readonly policy: Timeout;
  /** While it waits for what is further in all the same: the error of the time-out. */
  private waiting: TimeoutError | undefined = undefined;
  /** What ended in here too late. */
  private late: Outcome | undefined = undefined;

  constructor(policy: Timeout, call: CallNode) {
    super(call.judges, call);
    this.policy = policy;
    this.undecided = true;
    call.scope.add(this);
    policy.lane.enter(this);
    this.run.raceBegan();
  }

  override get due(): number {
    return Math.min((this.parent as CallNode).deadline, this.dueAt);
  }

  override get stoppable(): boolean {
    return true;
  }

  onDue(): void {
    this.interrupt();
  }

  protected override onDecided(): void {
    this.policy.lane.leave(this);
    this.run.raceEnded();
  }

  // Until what is further in has settled, the scope around must be able to stop it, and no longer.
  override settled(outcome: Outcome): Outcome | undefined {
    this.unlink();
    if (this.decide()) return outcome;
    this.late = outcome;
    return this.waiting && this.afterAll(this.waiting, outcome);
  }

  override onInterrupt(): void {
    const parent = this.parent as CallNode;
    // Given up from further out, by the caller or by another timeout: then it is not this one's to announce.
    if (this.gaveUp) return tell(parent, this.stopped as Failure);
    const error = this.policy.error(this);
    const cooperate = this.policy.mode === 'cooperate';
    this.onStop(failure(error), !cooperate);
    this.run.recorder?.timedOut(this.policy, error);
    this.policy.announce(this);
    if (!cooperate) void this.giveUp(error);
    else if (this.late === undefined) this.waiting = error;
    else tell(parent, this.afterAll(error, this.late));
  }

  // Work that heeds its signal ends within some microtasks: gates further out are not to think that it goes on.
  private async giveUp(error: TimeoutError): Promise<void> {
    for (let tick = 0; tick < HEEDED && this.running > 0; tick++) await undefined;
    tell(this.parent as CallNode, this.over(error));
  }

  private over(error: TimeoutError): Failure {
    const outcome = failure(error);
    this.overruled(outcome);
    return outcome;
  }

  /** A value stands, though it came late; an error is the cause. */
  private afterAll(error: TimeoutError, outcome: Outcome): Outcome {
    if (outcome.ok) return outcome;
    // Given up from further out meanwhile: what comes is late, and nobody's.
    if (this.gaveUp) return failure(error);
    const { error: cause } = outcome;
    if (cause !== error)
      Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
    return this.over(error);
  }
}

/**
 * Limits the time of a call: as a whole where it stands outermost, of each attempt where it stands inside a retry. In
 * mode `race` work that does not heed its signal goes on after the call has been given up, which matters where it is
 * not idempotent; a bulkhead keeps its place until then.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example timeout({ ms: 800 })
 */
export function timeout(options: TimeoutOptions): Timeout {
  return new Timeout(options);
}
