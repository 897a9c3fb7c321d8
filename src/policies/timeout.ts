/** Gives up on a call that takes too long. */
import { BuiltIn, type CommonOptions } from '../core/built-in.ts';
import type { CallNode } from '../core/call.ts';
import { messageFor, TimeoutError } from '../core/errors.ts';
import type { TimeoutEvent } from '../core/events.ts';
import { Link } from '../core/links.ts';
import { CLOCK, LIMIT, NAME, type Rules, settle } from '../core/options.ts';
import { failure } from '../core/outcome.ts';
import type { Layer, Next } from '../core/policy.ts';
import { rejectLater } from '../core/promises.ts';
import { Scope } from '../core/scope.ts';
import { LaneEntry, TimerLane } from '../structures/timer-lane.ts';

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
    if (this.ms === Infinity) return next;
    return (operation, call) => {
      const { stopped } = (call as CallNode).scope;
      if (stopped !== undefined) return rejectLater(stopped.error);
      const entry = new Limit();
      this.lane.enter(entry);
      entry.timed = new TimedScope(this, call as CallNode, entry);
      return entry.timed.race(next, operation);
    };
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

/** A call's place in the lane. */
class Limit extends LaneEntry {
  timed: TimedScope | undefined = undefined;

  override onDue(): void {
    this.timed!.interrupt();
  }
}

/** What stands inside the timeout, for one call. */
class TimedScope extends Scope {
  private readonly policy: Timeout;
  private readonly entry: LaneEntry;

  constructor(policy: Timeout, call: CallNode, entry: LaneEntry) {
    super(call, Math.min(call.deadline, entry.dueAt), call.judges);
    this.policy = policy;
    this.entry = entry;
    this.dependents = new Link();
    call.scope.add(this);
  }

  protected override onDecided(): void {
    this.policy.lane.leave(this.entry);
  }

  protected override async onInterrupt<T>(inner: Promise<T>): Promise<T> {
    // Given up from further out, by the caller or by another timeout: then it is not this one's to announce.
    if (this.gaveUp) throw this.stopped!.error;
    const error = this.policy.error(this);
    const cooperate = this.policy.mode === 'cooperate';
    this.onStop(failure(error), !cooperate);
    this.run.recorder?.timedOut(this.policy, error);
    this.policy.announce(this);
    try {
      if (cooperate) return await inner;
    } catch (cause) {
      // Given up from further out meanwhile: what comes is late, and nobody's.
      if (this.gaveUp) throw error;
      if (cause !== error)
        Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
    }
    this.overruled(failure(error));
    throw error;
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
