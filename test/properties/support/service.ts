/** Calls through all of the policies on the runtime's own clock, and what has to be so whatever that clock does. */
import assert from 'node:assert/strict';
import {
  bulkhead,
  circuitBreaker,
  constant,
  pipeline,
  retry,
  retryBudget,
  systemClock,
  TimeoutError,
  timeout,
} from 'holdfast';
import type { FakeRuntime } from './fake-runtime.ts';

/** In milliseconds: none is longer than a few seconds. */
export interface Plan {
  readonly totalMs: number;
  readonly attemptMs: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly queueTimeoutMs: number;
  readonly reclaimMs: number;
  readonly windowMs: number;
  readonly openMs: number;
}

const boom = new Error('boom');
const PROBES = 2;
const BURST = 5;

/** Each on `systemClock`, since none is given. */
function policiesOf({ totalMs, attemptMs, backoffMs, windowMs, openMs, ...limits }: Plan) {
  const budget = retryBudget({ burst: BURST });
  return {
    total: timeout({ name: 'total', ms: totalMs }),
    retries: retry({ retries: 2, backoff: constant(backoffMs), budget }),
    breaker: circuitBreaker({ window: { ms: windowMs }, minimumCalls: 3, openMs, probes: PROBES }),
    attempt: timeout({ name: 'attempt', ms: attemptMs }),
    places: bulkhead({ ...limits, queue: 3 }),
    budget,
  };
}

type Noted = 'retry' | 'queue' | 'abandon' | 'result';

export class Service {
  /** All that was seen and heard, with its time. */
  readonly said: unknown[] = [];
  private readonly plan: Plan;
  private readonly runtime: FakeRuntime;
  private readonly policies: ReturnType<typeof policiesOf>;
  private readonly pipeline;
  private readonly calls: { readonly atMs: number; answers: number }[] = [];
  private readonly noted: Record<Noted, number[]> = { retry: [], queue: [], abandon: [], result: [] };
  /** When the opening at hand began. */
  private openedAt: number | undefined = undefined;
  private readonly hanging: (() => void)[] = [];
  private readonly faults: unknown[] = [];

  constructor(plan: Plan, runtime: FakeRuntime) {
    this.plan = plan;
    this.runtime = runtime;
    this.policies = policiesOf(plan);
    const { total, retries, breaker, attempt, places } = this.policies;
    const judge = (): void => this.note('result');
    this.pipeline = pipeline({ name: 'service', judge }, total, retries, breaker, attempt, places);
    this.pipeline.on('retry', () => this.note('retry'));
    this.pipeline.on('queue', () => this.note('queue'));
    this.pipeline.on('abandon', () => this.note('abandon'));
    const aheadMs = systemClock.now() - runtime.now;
    breaker.on('state', ({ from, to, atMs }) => {
      this.said.push([runtime.now, from, to, atMs - aheadMs]);
      this.openedAt = to === 'open' ? runtime.now : undefined;
    });
  }

  private note(what: Noted): void {
    this.noted[what].push(this.runtime.now);
  }

  /** How often it has happened since then, that moment left out. */
  private since(what: Noted, ms: number): number {
    return this.noted[what].filter((atMs) => this.runtime.now - atMs < ms).length;
  }

  /** What time may now jump over. */
  get pending(): readonly string[] {
    const { places } = this.policies;
    const all = {
      'a call in flight': places.inFlight - places.abandoned,
      'an abandoned place': places.abandoned,
      'a call in the queue': places.queued,
      'a retry that sleeps': this.since('retry', this.plan.backoffMs),
      'an open circuit': Number(this.openedAt !== undefined),
    };
    return Object.entries(all).flatMap(([what, count]) => (count > 0 ? [what] : []));
  }

  /** A call of work that takes so long; `Infinity`: it ends when everything does. */
  call(tookMs: number, fails: boolean): void {
    const { runtime, plan, said } = this;
    const number = this.calls.length;
    const call = { atMs: runtime.now, answers: 0 };
    this.calls.push(call);
    const settle = (): number => {
      if (fails) throw boom;
      return number;
    };
    const operation = ({ attempt }: { readonly attempt: number }): number | Promise<number> => {
      said.push([runtime.now, 'attempt', number, attempt]);
      if (runtime.now - call.atMs >= plan.totalMs) this.faults.push(`call ${number} begins after its time`);
      if (tookMs === 0) return settle();
      const done = new Promise<void>((resolve) => {
        if (tookMs === Infinity) this.hanging.push(resolve);
        else setTimeout(resolve, tookMs);
      });
      return done.then(settle);
    };
    const answered = (answer: unknown): void => {
      call.answers++;
      said.push([runtime.now, 'answer', number, String(answer)]);
      const early = answer instanceof TimeoutError && runtime.now - call.atMs < answer.ms;
      if (early) this.faults.push(`call ${number} was given up before its time`);
    };
    this.pipeline.run(operation).then(answered, answered);
  }

  /** What is so at rest. */
  look(): void {
    const { calls, faults, openedAt, plan, policies, runtime, said } = this;
    const { breaker, places, budget } = policies;
    const { inFlight, queued, abandoned } = places;
    const { now } = runtime;
    assert.deepEqual(faults, []);
    for (const [i, { atMs, answers }] of calls.entries())
      assert(answers === 1 || (answers === 0 && now - atMs < plan.totalMs), `call ${i}: ${answers} answers`);
    assert(queued <= this.since('queue', plan.queueTimeoutMs), `${queued} are still in the queue`);
    assert(abandoned <= this.since('abandon', plan.reclaimMs), `${abandoned} places are still abandoned`);
    assert(queued === 0 || inFlight === plan.concurrency, `${queued} wait beside ${inFlight} at work`);
    const results = this.since('result', plan.windowMs);
    assert(breaker.stats.calls <= results, `${breaker.stats.calls} calls are remembered, of ${results}`);
    if (openedAt !== undefined) {
      const leftMs = plan.openMs - (now - openedAt);
      assert.equal(breaker.state, leftMs > 0 ? 'open' : 'half-open');
      assert.equal(breaker.retryAfterMs, leftMs > 0 ? leftMs : undefined);
    }
    const tokens = budget.tokens(systemClock.now());
    assert(tokens >= 0 && tokens <= BURST, `${tokens} tokens`);
    said.push([now, breaker.state, breaker.stats, inFlight, queued, abandoned, tokens]);
  }

  /** In the end everyone is answered, nothing is left over, and the service serves. */
  async expectWell(): Promise<void> {
    const { calls, runtime, plan, policies } = this;
    const { breaker, places } = policies;
    await runtime.passAll();
    while (this.hanging.length > 0) {
      this.hanging.shift()?.();
      await runtime.passAll();
    }
    for (const { answers } of calls) assert.equal(answers, 1);
    assert.deepEqual([places.inFlight, places.queued, places.abandoned], [0, 0, 0]);
    // What went wrong is forgotten by then, and a circuit that has opened tries again.
    await runtime.pass(Math.max(plan.windowMs, plan.openMs));
    for (let i = 0; i < PROBES; i++) assert.equal(await this.pipeline.run(() => i), i);
    assert.equal(breaker.state, 'closed');
    this.look();
  }
}
