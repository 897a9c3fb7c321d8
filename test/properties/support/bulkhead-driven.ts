/** A real bulkhead, and the guests that come to it. */
import { type Bulkhead, bulkhead, isRejection } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { rest } from './microtasks.ts';

export interface BulkheadRules {
  readonly concurrency: number;
  readonly queue: number;
  readonly queueTimeoutMs: number;
  readonly reclaimMs: number;
}

/** Through `run`, or for a permit, for which it waits or does not. */
export type GuestKind = 'call' | 'acquire' | 'try';

export type BulkheadStep =
  | { readonly do: GuestKind }
  /** The work of one of those that hold a place ends. */
  | { readonly do: 'end'; readonly nth: number }
  /** The caller of one of those that still wait for anything aborts. */
  | { readonly do: 'abort'; readonly nth: number }
  /** A permit that was given back is given back once more. */
  | { readonly do: 'again' }
  | { readonly do: 'resize'; readonly concurrency?: number; readonly queue?: number }
  | { readonly do: 'advance'; readonly ms: number };

/** One who comes, does its work and leaves; it may have to leave before it has come. */
export class Guest {
  readonly kind: GuestKind;
  /** Whether its work has begun. */
  started = false;
  over = false;
  /** How the run, or the wait for a permit, was answered. */
  answer: 'value' | 'full' | 'queue-timeout' | 'aborted' | undefined = undefined;
  private readonly controller = new AbortController();
  private release: () => void = () => {};
  private readonly work = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(kind: GuestKind) {
    this.kind = kind;
  }

  get aborted(): boolean {
    return this.controller.signal.aborted;
  }

  come(place: Bulkhead, onStart: () => void): void {
    const { signal } = this.controller;
    const start = (): void => {
      this.started = true;
      onStart();
    };
    const take = (permit: { release(): void }): void => {
      start();
      this.release = () => permit.release();
      if (this.over) permit.release();
    };
    if (this.kind === 'try') {
      const permit = place.tryAcquire();
      this.answer = permit === undefined ? 'full' : 'value';
      if (permit !== undefined) take(permit);
      return;
    }
    const answered =
      this.kind === 'acquire'
        ? place.acquire({ signal }).then(take)
        : place.run(
            () => {
              start();
              return this.work;
            },
            { signal },
          );
    answered.then(
      () => {
        this.answer = 'value';
      },
      (error: unknown) => {
        this.answer = isRejection(error) ? (error as unknown as { reason: 'full' }).reason : 'aborted';
      },
    );
  }

  /** Its work is over; a second time, for a permit, must change nothing. */
  end(): void {
    this.over = true;
    this.release();
  }

  abort(): void {
    this.controller.abort(this);
  }
}

export class DrivenBulkhead {
  readonly clock = new VirtualClock();
  readonly bulkhead: Bulkhead;
  readonly guests: Guest[] = [];
  /** Who had to queue up, in that order. */
  readonly queuedUp: Guest[] = [];
  /** Whose work has begun, in that order. */
  readonly started: Guest[] = [];
  /** Whether somebody found a place while others waited for one. */
  overtaken = false;

  constructor(rules: BulkheadRules) {
    this.bulkhead = bulkhead({ ...rules, clock: this.clock });
  }

  /** Those whose work goes on. */
  get working(): readonly Guest[] {
    return this.guests.filter(({ started, over }) => started && !over);
  }

  /** Those that an abort would reach: in the queue, or at work while their run is still waited for. */
  get abortable(): readonly Guest[] {
    return this.guests.filter(({ answer }) => answer === undefined);
  }

  /** Whom this step is about. */
  subject(step: BulkheadStep): Guest | undefined {
    if (step.do === 'end') return this.working[step.nth % this.working.length];
    if (step.do === 'abort') return this.abortable.at(step.nth % this.abortable.length);
    if (step.do === 'again') return this.guests.filter(({ kind, over }) => kind !== 'call' && over).at(-1);
    return undefined;
  }

  can(step: BulkheadStep): boolean {
    const about = step.do === 'end' || step.do === 'abort' || step.do === 'again';
    return !about || this.subject(step) !== undefined;
  }

  async apply(step: BulkheadStep): Promise<boolean> {
    if (step.do === 'advance') await this.clock.advance(step.ms);
    else this.act(step);
    await rest();
    return false;
  }

  /** Does what takes no time. */
  act(step: BulkheadStep): void {
    switch (step.do) {
      case 'call':
      case 'acquire':
      case 'try':
        this.come(new Guest(step.do));
        break;
      case 'resize': {
        const { do: _, ...limits } = step;
        this.bulkhead.resize(limits);
        break;
      }
      case 'abort':
        this.subject(step)?.abort();
        break;
      default:
        this.subject(step)?.end();
    }
  }

  come(guest: Guest): void {
    const { queued, inFlight } = this.bulkhead;
    this.guests.push(guest);
    guest.come(this.bulkhead, () => this.started.push(guest));
    if (this.bulkhead.queued > queued) this.queuedUp.push(guest);
    this.overtaken ||= queued > 0 && this.bulkhead.inFlight > inFlight;
  }

  heed(): void {}
}
