/**
 * Random calls on random pipelines, and a count of what became of them that the library has no hand in: it looks at what
 * the callers got, at what the operations did, and at what each policy told its own listeners.
 */
import fc from 'fast-check';
import {
  type BreakerStateEvent,
  bulkhead,
  type Call,
  type CircuitBreaker,
  circuitBreaker,
  constant,
  type ExhaustedEvent,
  fallback,
  type Keyed,
  keyed,
  type Layer,
  type Pipeline,
  type Policy,
  pipeline,
  Rejection,
  retry,
  retryBudget,
  TimeoutError,
  timeout,
  type WindowSpan,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

const ms = (max: number) => fc.integer({ min: 1, max });

const policy = fc.oneof(
  fc.record({
    kind: fc.constant('retry' as const),
    retries: fc.nat(3),
    delayMs: fc.nat(20),
    budget: fc.nat(3),
  }),
  fc.record({
    kind: fc.constant('breaker' as const),
    window: fc.constantFrom<WindowSpan>({ ms: 100 }, { calls: 6 }),
    consecutiveFailures: fc.constantFrom(2, 3, undefined),
    openMs: ms(60),
    probes: ms(3),
    observeOnly: fc.oneof({ arbitrary: fc.constant(false), weight: 5 }, fc.constant(true)),
  }),
  fc.record({
    kind: fc.constant('bulkhead' as const),
    concurrency: fc.oneof({ arbitrary: ms(4), weight: 9 }, fc.constant(0)),
    queue: fc.nat(3),
    queueTimeoutMs: ms(30),
  }),
  fc.record({
    kind: fc.constant('timeout' as const),
    ms: ms(40),
    mode: fc.constantFrom('race' as const, 'cooperate' as const),
  }),
  fc.record({ kind: fc.constant('fallback' as const), fails: fc.boolean() }),
  fc.record({
    kind: fc.constant('gate' as const),
    every: fc.integer({ min: 2, max: 7 }),
    waits: fc.boolean(),
  }),
);

type PolicySpec = typeof policy extends fc.Arbitrary<infer T> ? T : never;

const attempt = fc.record({
  takesMs: fc.nat(30),
  ends: fc.constantFrom('ok', 'ok', 'bad', 'error', 'error', 'bug', 'rejected elsewhere', 'late elsewhere'),
  heeds: fc.boolean(),
});

const rarely = <T>(what: fc.Arbitrary<T>) => fc.option(what, { nil: undefined, freq: 5 });

const call = fc.record({
  subject: fc.nat(3),
  key: fc.nat(5),
  afterMs: fc.constantFrom(0, 0, 1, 5, 30),
  attempts: fc.array(attempt, { minLength: 1, maxLength: 4 }),
  abortMs: rarely(fc.nat(40)),
  timeoutMs: rarely(ms(50)),
  judged: fc.boolean(),
});

type CallSpec = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** The policies, which of them stand in each pipeline, whether one more is keyed, and the calls. */
export const trafficOf = (calls: number) =>
  fc.record({
    policies: fc.array(policy, { minLength: 1, maxLength: 6 }),
    pipelines: fc.array(fc.array(fc.nat(5), { maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    keyed: fc.boolean(),
    calls: fc.array(call, { minLength: calls, maxLength: calls }),
  });

export type Traffic = ReturnType<typeof trafficOf> extends fc.Arbitrary<infer T> ? T : never;

const KEPT = 'kept';
const elsewhere = {
  'rejected elsewhere': new Rejection('elsewhere', { pipeline: 'elsewhere' }),
  'late elsewhere': new TimeoutError('elsewhere', { pipeline: 'elsewhere', ms: 1 }),
};

/** What was counted: by the name of an instrument and its labels, in their order. */
export type Tally = Map<string, number>;

export class World {
  readonly clock = new VirtualClock();
  readonly tally: Tally = new Map();
  readonly sources: (Pipeline<unknown> | Keyed<Pipeline<unknown>>)[] = [];
  readonly #traffic: Traffic;
  /** The label of the pipeline in metrics, by its name. */
  readonly #labels = new Map<string, string>();
  /** Work that runs. */
  running = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    const pool = traffic.policies.map((spec, i) => this.#policy(spec, `p${i}`));
    const members = traffic.pipelines.map((places) => [
      ...new Set(places.map((place) => place % pool.length)),
    ]);
    for (const [i, places] of members.entries()) {
      this.#labels.set(`pipeline ${i}`, `pipeline ${i}`);
      const policies = places.flatMap((place) => pool[place] as Policy[]);
      const made = pipeline({ name: `pipeline ${i}`, clock: this.clock }, ...policies);
      this.sources.push(this.#deadlines(made, made.name));
    }
    for (const [i, policies] of pool.entries()) {
      const homes = members.flatMap((places, at) => (places.includes(i) ? [`pipeline ${at}`] : []));
      this.#listen(policies, `p${i}`, homes.length > 1 ? 'shared' : (homes[0] ?? 'nowhere'));
    }
    if (traffic.keyed) this.sources.push(this.#keyed());
  }

  #keyed(): Keyed<Pipeline<unknown>> {
    const { clock } = this;
    const make = (key: string) => {
      this.#labels.set(key, 'keyed');
      const policies = this.#traffic.policies.map((spec, i) => this.#policy(spec, `p${i}`));
      for (const [i, each] of policies.entries()) this.#listen(each, `p${i}`, 'keyed');
      return this.#deadlines(pipeline({ name: key, clock }, ...policies.flat()), 'keyed');
    };
    return keyed(make, { name: 'keyed', max: 2, clock }) as Keyed<Pipeline<unknown>>;
  }

  count(instrument: string, labels: readonly (string | undefined)[], by = 1): void {
    const key = [instrument, ...labels].join('|');
    this.tally.set(key, (this.tally.get(key) ?? 0) + by);
  }

  #deadlines(subject: Pipeline<unknown>, label: string): Pipeline<unknown> {
    return subject.on('timeout', (event) => {
      if (event.policy === 'deadline') this.count('timeouts', [label, 'deadline']);
    });
  }

  /** The policy, and what stands right inside it, to see what comes through. */
  #policy(spec: PolicySpec, name: string): Policy[] {
    switch (spec.kind) {
      case 'retry': {
        const { retries, delayMs, budget } = spec;
        const backoff = constant(delayMs);
        const of = budget === 0 ? false : retryBudget({ burst: budget, minPerSecond: 50 });
        return [retry({ name, retries, backoff, budget: of }), this.#inside(name)];
      }
      case 'breaker': {
        const { kind: _, ...options } = spec;
        return [circuitBreaker({ ...options, name, minimumCalls: 4, failureRate: 0.6 })];
      }
      case 'bulkhead': {
        const { kind: _, ...options } = spec;
        return [bulkhead({ ...options, name })];
      }
      case 'timeout':
        return [timeout({ ms: spec.ms, mode: spec.mode, name })];
      case 'fallback': {
        const answer = (error: unknown) => {
          if (spec.fails) throw error;
          return KEPT;
        };
        return [fallback(answer, { name })];
      }
      case 'gate': {
        let calls = 0;
        const enter = ({ pipeline: of }: Call) => {
          if (++calls % spec.every !== 0) return spec.waits ? Promise.resolve(calls) : calls;
          this.count('rejections', [this.#labels.get(of as string), name, 'other']);
          return new Rejection('no');
        };
        return [{ name, enter, leave() {} }];
      }
    }
  }

  #inside(retrying: string): Layer {
    return {
      around: (next) => (operation, call) => {
        if (call.attempt > 1) this.count('retries', [this.#labels.get(call.pipeline as string), retrying]);
        return next(operation, call);
      },
    };
  }

  #listen([subject]: readonly Policy[], name: string, home: string): void {
    const of = (event: { pipeline?: string | undefined }) => this.#labels.get(event.pipeline as string);
    const on = (type: string, listener: (event: never) => void) =>
      (subject as Partial<CircuitBreaker>).on?.(type as 'state', listener as never);
    on('reject', (event: { pipeline?: string; reason?: string; state?: string; observed?: true }) => {
      if (!event.observed) this.count('rejections', [of(event), name, event.reason ?? event.state]);
    });
    on('exhausted', (event: ExhaustedEvent) =>
      this.count('retry.exhausted', [of(event), name, event.reason]),
    );
    on('timeout', (event: { pipeline?: string }) => this.count('timeouts', [of(event), name]));
    on('stale', (event: { pipeline?: string }) => this.count('circuit.stale_results', [of(event), name]));
    let tripped = false;
    on('state', ({ from, to, reason }: BreakerStateEvent) => {
      this.count('circuit.transitions', [home, name, from, to]);
      if (from === 'closed' && reason !== 'manual') tripped = true;
      if (to !== 'closed' || !tripped) return;
      tripped = false;
      this.count('incident.recovery', [home, name]);
    });
  }

  /** Plays all calls, until everything has ended. `halfway` is called somewhere in the middle. */
  async play(halfway: () => Promise<void>): Promise<void> {
    const { calls } = this.#traffic;
    for (const [i, spec] of calls.entries()) {
      if (i === calls.length >> 1) await halfway();
      if (spec.afterMs > 0) await this.clock.advance(spec.afterMs);
      this.#call(spec);
    }
    await this.clock.advance(10_000);
  }

  #call(spec: CallSpec): void {
    const source = this.sources[spec.subject % this.sources.length] as
      | Pipeline<unknown>
      | Keyed<Pipeline<unknown>>;
    const caller = new AbortController();
    if (spec.abortMs === 0) caller.abort('enough');
    else if (spec.abortMs !== undefined) this.clock.setTimer(spec.abortMs, () => caller.abort('enough'));
    const options = {
      ...(spec.abortMs !== undefined && { signal: caller.signal }),
      ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
      ...(spec.judged && {
        judge: ({ value }: { value?: unknown }) => (value === 'bad' ? 'failure' : undefined),
      }),
    } as const;
    const startMs = this.clock.now();
    let invocations = 0;
    const operation = (call: Call) => {
      const script = spec.attempts[
        Math.min(invocations++, spec.attempts.length - 1)
      ] as CallSpec['attempts'][0];
      this.count('attempt.duration', [source.name]);
      return this.#work(script, call);
    };
    const settled = (outcome: string): void => {
      this.count('calls', [source.name, outcome]);
      this.count('call.duration sum', [source.name, outcome], this.clock.now() - startMs);
    };
    const run =
      'follow' in source
        ? source.run(`key ${spec.key}`, operation, options)
        : (source as Pipeline<unknown>).run(operation, options);
    const own = (error: unknown): boolean =>
      this.#labels.get((error as Rejection).pipeline as string) === source.name;
    run.then(
      (value) =>
        settled(value === KEPT ? 'fallback' : value === 'bad' && spec.judged ? 'failure' : 'success'),
      (error) => {
        if (error === 'enough') settled('aborted');
        else if (error instanceof Rejection && own(error)) settled('rejected');
        else settled(error instanceof TimeoutError && own(error) ? 'timeout' : 'failure');
      },
    );
  }

  #work({ takesMs, ends, heeds }: CallSpec['attempts'][0], call: Call): Promise<string> | string {
    const result = (): string => {
      if (ends === 'ok' || ends === 'bad') return ends;
      if (ends === 'bug') throw new TypeError('a bug');
      throw elsewhere[ends as keyof typeof elsewhere] ?? new Error('boom');
    };
    if (takesMs === 0) return result();
    this.running++;
    return new Promise<void>((resolve, reject) => {
      this.clock.setTimer(takesMs, resolve);
      if (heeds) call.signal.addEventListener('abort', () => reject(call.signal.reason));
    })
      .finally(() => this.running--)
      .then(result);
  }
}
