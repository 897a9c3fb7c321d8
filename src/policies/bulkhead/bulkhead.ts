/** Limits how many calls run at once, so that one slow dependency cannot take what all of them share. */
import { BuiltIn, type CommonOptions, type Holding } from '../../core/built-in.ts';
import type { Call, CallNode } from '../../core/call.ts';
import { isRejection, messageFor } from '../../core/errors.ts';
import type { EventOrigin } from '../../core/events.ts';
import {
  CLOCK,
  FLAG,
  inspect,
  LIMIT,
  NAME,
  type Rule,
  type Rules,
  SIGNAL,
  settle,
} from '../../core/options.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Gate } from '../../core/policy.ts';
import { Run } from '../../core/run.ts';
import { follow, type Stage } from '../../core/stage.ts';
import { TimerLane } from '../../structures/timer-lane.ts';
import { TIMED_OUT, WaiterQueue } from '../../structures/waiter-queue.ts';
import { BulkheadFullError } from './errors.ts';
import { type BulkheadLimits, BulkheadMachine } from './machine.ts';
import { type BulkheadPermit, Place } from './permit.ts';

/** Options of `bulkhead`. */
export interface BulkheadOptions extends CommonOptions {
  /** Calls that run at once, an integer >= 0; 0 rejects everything. Default: 10. */
  readonly concurrency?: number | undefined;
  /** Calls that may wait for a place, an integer >= 0. Default: 0. */
  readonly queue?: number | undefined;
  /** The longest wait for a place, in milliseconds, > 0, `Infinity` allowed. Default: 1_000. */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * Gives the place of work that nobody waits for any more to another after this long, in milliseconds, > 0. Then more
   * than `concurrency` may really run. Default: `Infinity`, never.
   */
  readonly reclaimMs?: number | undefined;
  /** Capture a stack in each rejection, which costs microseconds. Default: false. */
  readonly captureStack?: boolean | undefined;
}

/** How full the bulkhead is. */
export interface BulkheadEvent extends EventOrigin {
  readonly inFlight: number;
  readonly queued: number;
  readonly concurrency: number;
  readonly queue: number;
}

/** A call was rejected. */
export interface BulkheadRejectEvent extends BulkheadEvent {
  readonly reason: 'full' | 'queue-timeout';
}

/** A place is held by work for which nobody waits any more. */
export interface BulkheadAbandonEvent extends BulkheadEvent {
  /** How many places are. */
  readonly abandoned: number;
}

/** The events of a bulkhead. */
export interface BulkheadEvents {
  /** A call waits for a place. */
  queue: BulkheadEvent;
  reject: BulkheadRejectEvent;
  /** A timeout or an abort gave up on a call whose work goes on. */
  abandon: BulkheadAbandonEvent;
  /** Its place was taken back after `reclaimMs`, though the work still runs. */
  reclaim: BulkheadAbandonEvent;
}

const PLACES = 'an integer >= 0';
const CONCURRENCY: Rule = [PLACES, 10];
const QUEUE: Rule = [PLACES, 0];
const RULES: Rules = {
  name: NAME,
  clock: CLOCK,
  captureStack: [FLAG],
  concurrency: CONCURRENCY,
  queue: QUEUE,
  queueTimeoutMs: [LIMIT, 1_000],
  reclaimMs: [LIMIT, Infinity],
};

type Settings = BulkheadOptions & BulkheadLimits & { queueTimeoutMs: number; reclaimMs: number };

/** Nothing stands between a run that acquires and the place itself. */
const direct: Stage = (operation, call) => follow(Promise.resolve(operation(call)), call);

/** See `bulkhead`. */
export class Bulkhead extends BuiltIn<BulkheadEvents> implements Gate {
  readonly #machine: BulkheadMachine;
  readonly #waiters: WaiterQueue<Place>;
  readonly #limits: TimerLane | undefined;
  readonly #reclaims: TimerLane | undefined;
  #abandoned = 0;

  constructor(options: BulkheadOptions = {}) {
    const settings = settle<Settings>('bulkhead', options, RULES);
    super('bulkhead', settings);
    const { concurrency, queue, queueTimeoutMs, reclaimMs } = settings;
    this.#machine = new BulkheadMachine({ concurrency, queue });
    this.#limits = queueTimeoutMs === Infinity ? undefined : new TimerLane(this, queueTimeoutMs);
    this.#waiters = new WaiterQueue(this.#limits, () => this.#leaveQueue());
    // Abandoned work is nobody's any more: the timer for its place must not keep the process alive.
    this.#reclaims =
      reclaimMs === Infinity ? undefined : new TimerLane(this, reclaimMs, { keepsAlive: false });
  }

  /** Calls that hold a place. */
  get inFlight(): number {
    return this.#machine.inFlight;
  }

  /** Calls that wait for one. */
  get queued(): number {
    return this.#machine.queued;
  }

  /** Places held by work for which nobody waits any more. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** The limits in force. */
  get limits(): BulkheadLimits {
    return this.#machine.limits;
  }

  /** @internal */
  override get holds(): Holding | undefined {
    const { inFlight, queued } = this.#machine;
    return inFlight + queued > 0 ? 'work' : undefined;
  }

  /** @internal */
  override rest(): void {
    this.#limits?.rest();
    this.#reclaims?.rest();
  }

  /**
   * Changes the limits while calls run. More places admit waiters at once; fewer evict nobody, and admit nobody until
   * enough have left. A shorter queue keeps those who wait.
   *
   * @throws RangeError | TypeError - for a bad limit
   */
  resize(limits: Partial<BulkheadLimits>): void {
    inspect('resize', limits, { concurrency: CONCURRENCY, queue: QUEUE });
    const { concurrency = this.limits.concurrency, queue = this.limits.queue } = limits;
    this.#machine.limits = { concurrency, queue };
    this.#handOver();
  }

  /** A place for work that is not a function, if there is one now and nobody waits for it. */
  tryAcquire(): BulkheadPermit | undefined {
    if (!this.#machine.vacant) return undefined;
    this.#machine.arrive();
    return new Place(this, new Run(this));
  }

  /**
   * A place for work that is not a function, after waiting for it as a call would.
   *
   * @throws BulkheadFullError - (as a rejection) if there is none, or none in time; the signal's `reason` on its abort
   */
  async acquire(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<BulkheadPermit> {
    inspect('acquire', options, { signal: SIGNAL });
    const run = new Run(this, options);
    let entered: Promise<BulkheadPermit> | undefined;
    const enter = async (): Promise<BulkheadPermit> => {
      const permit = await this.enter(run);
      if (isRejection(permit)) throw permit;
      return permit;
    };
    return run
      .start(direct, () => (entered = enter()))
      .catch((error) => {
        // The caller gave up in the very moment in which a place was handed over: nobody else will give it back.
        entered?.then(
          (permit) => permit.release(),
          () => {},
        );
        throw error;
      });
  }

  /** @internal */
  enter(call: Call): Place | BulkheadFullError | Promise<Place | BulkheadFullError> {
    const node = call as CallNode;
    switch (this.#machine.arrive()) {
      case 'admitted':
        return new Place(this, node);
      case 'full':
        return this.#refuse(node, 'full');
      case 'queued':
        return this.#wait(node);
    }
  }

  #wait(call: CallNode): Promise<Place | BulkheadFullError> {
    const place = this.#waiters.wait(call);
    this.emitIn(call, 'queue', () => this.#counts());
    return place.then((permit) => (permit === TIMED_OUT ? this.#refuse(call, 'queue-timeout') : permit));
  }

  /** @internal */
  leave(permit: Place, _outcome: Outcome | 'unused', running: boolean): void {
    if (!running) return;
    permit.state = 'abandoned';
    this.#abandoned++;
    this.#reclaims?.enter(permit);
    this.#announce('abandon', permit);
  }

  /** @internal */
  release(permit: Place): void {
    const { state } = permit;
    if (state === 'released') return;
    permit.state = 'released';
    if (state === 'abandoned') {
      this.#abandoned--;
      this.#reclaims?.leave(permit);
    }
    if (state !== 'reclaimed') this.#free();
  }

  /** @internal The work of an abandoned permit took too long: its place goes to another. */
  reclaim(permit: Place): void {
    permit.state = 'reclaimed';
    this.#abandoned--;
    this.#free();
    this.#announce('reclaim', permit);
  }

  #free(): void {
    this.#machine.free();
    this.#handOver();
    this.releasedIfIdle();
  }

  #leaveQueue(): void {
    this.#machine.leaveQueue();
    this.releasedIfIdle();
  }

  #handOver(): void {
    while (this.#machine.admitWaiter()) this.#waiters.admitFirst((call) => new Place(this, call));
  }

  #counts(): Omit<BulkheadEvent, keyof EventOrigin> {
    const { inFlight, queued, limits } = this.#machine;
    return { inFlight, queued, concurrency: limits.concurrency, queue: limits.queue };
  }

  #announce(type: 'abandon' | 'reclaim', { call }: Place): void {
    this.emitIn(call, type, () => ({ ...this.#counts(), abandoned: this.#abandoned }));
  }

  #refuse(call: CallNode, reason: 'full' | 'queue-timeout'): BulkheadFullError {
    const counts = this.#counts();
    this.emitIn(call, 'reject', () => ({ ...counts, reason }));
    const init = this.errorInit(call);
    const what = reason === 'full' ? 'is full' : 'had no place in time';
    return new BulkheadFullError(messageFor(init, what), { ...init, ...counts, reason });
  }
}

/**
 * Admits at most `concurrency` calls at a time; further ones wait in a queue, first in first out, or are rejected. A
 * place is held until the work has really ended, also where a timeout or an abort gave up on it before.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example bulkhead({ concurrency: 50, queue: 100 })
 */
export function bulkhead(options?: BulkheadOptions): Bulkhead {
  return new Bulkhead(options);
}
