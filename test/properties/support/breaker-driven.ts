/** A real breaker, and what is known of it from outside: what it admitted and when, and what it has told. */
import {
  type BreakerState,
  type BreakerStateEvent,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
  type Outcome,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { type BreakerRules, optionsOf } from './breaker-rules.ts';
import type { BreakerStep } from './breaker-steps.ts';
import { rest } from './microtasks.ts';
import { Operation, Permitted, type Work, workOf } from './work.ts';

/** A call or a permit that was admitted. */
export interface Admitted {
  readonly work: Work;
  /** How many changes of state had been told when it was admitted. */
  readonly generation: number;
  readonly atMs: number;
}

/** A result of which the breaker took notice: it asked the judge about it, or told that it is stale. */
export interface Heard {
  readonly work: Work;
  readonly stale: boolean;
  /** How many changes of state had been told by then. */
  readonly generation: number;
}

export class Driven {
  readonly rules: BreakerRules;
  readonly clock: VirtualClock;
  readonly breaker: CircuitBreaker;
  readonly admitted: Admitted[] = [];
  readonly changes: BreakerStateEvent[] = [];
  readonly heard: Heard[] = [];
  /** How many probes of the half-open state at hand have had their say. Exact at rest. */
  said = 0;
  /** What was thrown where it reaches nobody: by claims that did not hold when something was told. */
  private readonly faults: unknown[] = [];

  constructor(
    rules: BreakerRules,
    { startMs, ...more }: CircuitBreakerOptions & { readonly startMs?: number } = {},
  ) {
    const options = optionsOf(rules);
    this.rules = rules;
    this.clock = new VirtualClock({ startMs });
    this.breaker = circuitBreaker({
      ...options,
      ...more,
      clock: this.clock,
      judge: (outcome, call) => {
        this.#hear(outcome, false);
        return options.judge?.(outcome, call);
      },
    });
    this.breaker.on('listener-error', ({ error }) => this.faults.push(error));
    this.breaker.on('stale', ({ outcome }) => this.#hear(outcome, true));
    this.breaker.on('state', (event) => {
      this.changes.push(event);
      this.said = 0;
    });
  }

  get generation(): number {
    return this.changes.length;
  }

  /** The state that was told last. */
  get told(): BreakerState {
    return this.changes.at(-1)?.to ?? 'closed';
  }

  /** What was admitted and has not ended. */
  get out(): readonly Admitted[] {
    return this.admitted.filter(({ work }) => work.how === undefined);
  }

  isCurrent({ generation }: Admitted): boolean {
    return generation === this.generation;
  }

  /** The probes of the half-open state at hand that are out. */
  get probes(): readonly Admitted[] {
    return this.told === 'half-open' ? this.out.filter((each) => this.isCurrent(each)) : [];
  }

  hasLapsed({ atMs }: Admitted): boolean {
    return this.clock.now() - atMs >= this.rules.probeTimeoutMs;
  }

  /** How many places are taken by probes. */
  get probesOut(): number {
    return this.probes.filter((each) => !this.hasLapsed(each)).length;
  }

  /** What this step ends, if it ends anything. */
  ending(step: BreakerStep): Admitted | undefined {
    if (!('nth' in step)) return undefined;
    const { out } = this;
    return out.at(step.nth % out.length);
  }

  can(step: BreakerStep): boolean {
    if ('nth' in step) return this.out.length > 0;
    if (step.do === 'release') return this.told === 'isolated';
    return step.do !== 'reach' || (this.breaker.retryAfterMs ?? 0) > step.earlyMs;
  }

  /** Does it, and lets all that follows happen. Tells whether it was admitted, if it wanted to be. */
  async apply(step: BreakerStep): Promise<boolean> {
    const { clock, generation, told } = this;
    if (step.do === 'advance') await clock.advance(step.ms);
    if (step.do === 'reach') await clock.advance((this.breaker.retryAfterMs ?? 0) - step.earlyMs);
    if (!('nth' in step)) return this.act(step);
    const ending = this.ending(step);
    if (ending === undefined) return false;
    const says = step.do !== 'ignore' && told === 'half-open' && this.isCurrent(ending);
    ending.work.end(step.do, step.hintMs);
    if (ending.work instanceof Operation) await rest();
    if (says && generation === this.generation) this.said++;
    return false;
  }

  /** Does what takes no time. */
  act(step: BreakerStep): boolean {
    const { breaker } = this;
    switch (step.do) {
      case 'call':
        return this.call(new Operation());
      case 'acquire':
        return this.#acquire();
      case 'isolate':
      case 'release':
        breaker[step.do](step.reason);
        return false;
      case 'open':
      case 'close':
        breaker[step.do]();
        return false;
      case 'react':
        breaker.once('state', () => breaker[step.with]());
        return false;
      default:
        return false;
    }
  }

  call(work: Operation): boolean {
    let admitted = false;
    const operation = (): Promise<unknown> => {
      admitted = true;
      this.#admit(work);
      return work.promise;
    };
    this.breaker.run(operation, { signal: work.signal }).catch(() => {});
    return admitted;
  }

  #acquire(): boolean {
    const permit = this.breaker.tryAcquire();
    if (permit !== undefined) this.#admit(new Permitted(permit));
    return permit !== undefined;
  }

  #hear(outcome: Outcome, stale: boolean): void {
    this.heard.push({ work: workOf(outcome), stale, generation: this.generation });
  }

  #admit(work: Work): void {
    this.admitted.push({ work, generation: this.generation, atMs: this.clock.now() });
  }

  /** Throws what a claim threw inside a listener. */
  heed(): void {
    if (this.faults.length > 0) throw this.faults[0];
  }
}
