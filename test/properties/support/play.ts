/** Plays a script through real pipelines, and writes down what happens. */
import {
  type Bulkhead,
  type Call,
  type CircuitBreaker,
  type Operation,
  type Outcome,
  type Pipeline,
  type Policy,
  pipeline,
  type RunOptions,
} from 'holdfast';
import { type CountedSignal, countedSignal } from '../../support/counted-signal.ts';
import { perform } from './operation.ts';
import { judgeOf, makePolicy, type SpyGate } from './policies.ts';
import { type Invocation, isAborted, type Run } from './records.ts';
import type { CallSpec, Move, PolicySpec, Script, Step } from './script.ts';
import { drained, type Pace, Stage } from './stage.ts';

/** What a property looks at while the script is played. What one of these throws is a fault. */
export interface Watch {
  /** What stands in the place of a policy. Default: the policy alone. */
  dress?(policy: Policy, spec: PolicySpec, stage: Stage): readonly Policy[];
  /** A pipeline was made. */
  made?(subject: Pipeline<unknown>): void;
  /** How a call is made. Default: straight through the pipeline. The context of the options is its `Run`. */
  run?(subject: Pipeline<unknown>, operation: Operation<unknown>, options: RunOptions): Promise<unknown>;
  began?(invocation: Invocation): void;
  ended?(invocation: Invocation): void;
  settled?(run: Run): void;
  moved?(move: Move): void;
  /** Nothing more follows without time passing. */
  rest?(): void;
}

/** By then all has happened that will happen of its own. */
const CURTAIN_MS = 1_000;

export class Play {
  readonly stage: Stage;
  readonly runs: Run[] = [];
  /** Of those in the script, in its order. */
  readonly policies: readonly Policy[];
  readonly signals: CountedSignal[] = [];
  readonly #script: Script;
  readonly #watch: Watch;
  readonly #lines = new Map<CallSpec['via'], Pipeline<unknown>>();
  readonly #dressed: readonly (readonly Policy[])[];
  #shared: CountedSignal | undefined = undefined;

  constructor(script: Script, watch: Watch, pace: Pace = 'racing') {
    this.stage = new Stage(script.order, script.hops, pace, () => watch.rest?.());
    this.#script = script;
    this.#watch = watch;
    this.policies = script.policies.map((spec, i) => makePolicy(spec, `${spec.kind}-${i}`, this.stage));
    this.#dressed = this.policies.map(
      (policy, i) => watch.dress?.(policy, script.policies[i]!, this.stage) ?? [policy],
    );
  }

  get bulkheads(): readonly Bulkhead[] {
    return this.#of('bulkhead') as Bulkhead[];
  }

  get breakers(): readonly CircuitBreaker[] {
    return this.#of('breaker') as CircuitBreaker[];
  }

  /** The gates of the user's own. */
  get gates(): readonly SpyGate[] {
    return this.#of('gate') as unknown as SpyGate[];
  }

  #of(kind: PolicySpec['kind']): readonly Policy[] {
    return this.policies.filter((_, i) => this.#script.policies[i]!.kind === kind);
  }

  get unsettled(): readonly Run[] {
    return this.runs.filter(({ outcome }) => outcome === undefined);
  }

  /** Plays it to where nothing happens any more of its own; work that never ends still runs then. */
  async perform(): Promise<void> {
    const { calls, moves } = this.#script;
    const { stage } = this;
    calls.forEach((spec, i) => {
      stage.cue(spec.atMs, `call ${i}`, () => this.stage.claim(() => this.#start(spec, `call ${i}`)));
    });
    moves.forEach((move, i) => {
      stage.cue(move.atMs, `move ${i}`, () => this.stage.claim(() => this.#move(move)));
    });
    await stage.clock.advance(CURTAIN_MS);
    this.stage.complain();
  }

  /** Every caller who still waits aborts. */
  async abortAll(): Promise<void> {
    if (this.unsettled.length === 0) return;
    for (const signal of this.signals) signal.abort(new Error('the play is over'));
    await drained();
    this.stage.complain();
  }

  /** All work ends that still runs, and with it all runs. */
  async endAll(): Promise<void> {
    if (!this.stage.end()) return;
    await this.stage.clock.advance(CURTAIN_MS);
    this.stage.complain();
  }

  #start(spec: CallSpec, label: string): void {
    const { stage } = this;
    const subject = this.#line(spec.via);
    const caller = this.#callerOf(spec);
    const run: Run = {
      label,
      spec,
      pipeline: subject.name,
      startMs: stage.now,
      invocations: [],
      signal: caller?.signal,
      outcome: undefined,
      settledMs: undefined,
    };
    this.runs.push(run);
    const abort = (): void => caller?.abort(new Error(`${label} aborted`));
    if (spec.abortMs !== undefined) {
      if (spec.abortMs < 0) abort();
      else stage.cue(spec.abortMs, `${label}: abort`, abort);
    }
    const settle = (outcome: Run['outcome']): void => {
      run.outcome = outcome;
      run.settledMs = stage.now;
      this.stage.claim(() => this.#watch.settled?.(run));
    };
    const { timeoutMs, judge } = spec;
    const options = { signal: run.signal, timeoutMs, context: run, judge: judge && judgeOf(judge) };
    const operation = (call: Call): unknown => this.#invoke(run, call);
    const result = this.#watch.run?.(subject, operation, options) ?? subject.run(operation, options);
    result.then(
      (value) => settle({ ok: true, value }),
      (error) => settle({ ok: false, error }),
    );
  }

  #invoke(run: Run, call: Call): unknown {
    const { stage } = this;
    const { invocations, spec, label } = run;
    const invocation: Invocation = {
      run,
      call,
      startMs: stage.now,
      outcome: undefined,
      afterAbort: false,
      stopReason: undefined,
    };
    const number = invocations.push(invocation);
    this.stage.claim(() => this.#watch.began?.(invocation));
    const over = (outcome: Outcome): void => {
      const { reason: stopReason } = call.signal;
      Object.assign(invocation, { outcome, afterAbort: isAborted(run), stopReason });
      stage.claim(() => this.#watch.ended?.(invocation));
    };
    const step = stage.ended ? AT_ONCE : spec.steps[(number - 1) % spec.steps.length]!;
    return perform(step, invocation, stage, `${label}: work ${number}`, over);
  }

  #callerOf({ signal }: CallSpec): CountedSignal | undefined {
    if (signal === 'none') return undefined;
    if (signal === 'shared' && this.#shared !== undefined) return this.#shared;
    const caller = countedSignal();
    this.signals.push(caller);
    if (signal === 'shared') this.#shared = caller;
    return caller;
  }

  #line(via: CallSpec['via']): Pipeline<unknown> {
    let subject = this.#lines.get(via);
    if (subject === undefined) {
      subject = this.#compose(via);
      this.#lines.set(via, subject);
      this.#watch.made?.(subject);
    }
    return subject;
  }

  #compose(name: CallSpec['via']): Pipeline<unknown> {
    const { clock } = this.stage;
    const { nested, judge } = this.#script;
    const options = { name, clock, random: clock.random, judge: judge && judgeOf(judge) };
    const outer = Math.max(1, this.#dressed.length - nested);
    const parts: Record<CallSpec['via'], () => readonly Policy[]> = {
      whole: () => [...this.#dressed.slice(0, outer).flat(), this.#line('nested')],
      nested: () => this.#dressed.slice(outer).flat(),
      reversed: () => [...this.#dressed].reverse().flat(),
    };
    return pipeline(options, ...parts[name]()) as unknown as Pipeline<unknown>;
  }

  #move({ to }: Move): void {
    if (typeof to === 'object') for (const bulkhead of this.bulkheads) bulkhead.resize(to);
    else for (const breaker of this.breakers) steer(breaker, to);
    this.#watch.moved?.({ to, atMs: this.stage.now });
  }
}

/** After the end nothing may take time any more. */
const AT_ONCE: Step = { ms: 0, how: 'value', as: 'nothing', heeds: false };

function steer(breaker: CircuitBreaker, to: 'open' | 'close' | 'isolate' | 'release'): void {
  if (to === 'isolate' || to === 'release') breaker[to]('by hand');
  else breaker[to]();
}
