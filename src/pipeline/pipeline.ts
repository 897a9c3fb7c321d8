/** Policies composed: what most users of the library make, and run their calls through. */

import { inward, outward } from '../core/adapt.ts';
import { BuiltIn } from '../core/built-in.ts';
import { type Clock, type Random, systemClock } from '../core/clock.ts';
import { type Composite, compile, flatten } from '../core/compile.ts';
import type { EventsOf } from '../core/emitter.ts';
import type { EventOrigin, TimeoutEvent } from '../core/events.ts';
import { fuse } from '../core/fuse.ts';
import type { Judge, Judges } from '../core/judge.ts';
import { allowed, CLOCK, FLAG, FUNCTION, NAME, type Rules, settle } from '../core/options.ts';
import type { Gate, Layer, Next, Operation, Policy } from '../core/policy.ts';
import type { Recorder, Run } from '../core/run.ts';
import { type ExtraOf, Runnable } from '../core/runnable.ts';
import type { Stage } from '../core/stage.ts';
import { withJudge } from './judged.ts';
import { labelsOf } from './labels.ts';
import { around, together } from './recorders.ts';
import { relayStates } from './relays.ts';
import { CallRecorder, type CallReport } from './report.ts';
import { printWarnings, warningsOf } from './warnings.ts';

/** Options of `pipeline`. */
export interface PipelineOptions {
  /** Labels events, errors and metrics. */
  readonly name: string;
  /** Asked after the policies' own judges and the run's. */
  readonly judge?: Judge | undefined;
  /** The clock of the pipeline, and of its policies that have none of their own. Default: its first policy's. */
  readonly clock?: Clock | undefined;
  /** Chance, for policies that have none of their own. Default: `Math.random`. */
  readonly random?: Random | undefined;
  /** Capture a stack in each error of the library, which costs microseconds. Default: false. */
  readonly captureStack?: boolean | undefined;
}

/** Makes what writes down a run that is about to start; undefined where nothing is to write it down. */
type RecorderMaker = (run: Run) => Recorder | undefined;

/** The events of a pipeline, besides those of its policies. */
export interface PipelineEvents {
  /** A run has settled: its report. */
  call: CallReport;
  /** The deadline of a run has passed; the policy is then called `deadline`. */
  timeout: TimeoutEvent;
}

type KeysOf<Union> = Union extends unknown ? keyof Union : never;
type PayloadOf<Union, Key> = Union extends unknown ? (Key extends keyof Union ? Union[Key] : never) : never;

/** Everything that a pipeline of these policies emits; an event that several of them emit is any of theirs. */
export type PipelineEventsOf<Policies extends readonly Policy[]> = {
  [Key in KeysOf<EventsOf<Policies[number]> | PipelineEvents>]: PayloadOf<
    EventsOf<Policies[number]> | PipelineEvents,
    Key
  >;
};

const RULES: Rules = {
  name: NAME,
  clock: CLOCK,
  judge: [FUNCTION],
  random: [FUNCTION],
  captureStack: [FLAG],
};

/** See `pipeline`. */
export class Pipeline<Extra = never, Types extends object = PipelineEvents>
  extends Runnable<Types, Extra>
  implements Layer, Composite
{
  override readonly name: string;
  /** As they were given, outermost first. */
  readonly policies: readonly Policy[];
  /** What is known to be a mistake about the order of the policies; each was also printed, once. */
  readonly warnings: readonly string[];
  /** @internal What stands in the place of this pipeline within another. */
  parts: readonly Policy[];
  /** @internal Stands for it where it must not be kept alive. */
  readonly token: object = {};
  /** @internal */
  override readonly pipeline: string;
  /** @internal */
  override readonly judges: Judges | undefined;
  /** @internal */
  override readonly settings: PipelineOptions;
  /** @internal */
  override stage: Stage;
  readonly #clock: Clock | undefined;
  /** Its policies that have to do with time, those of pipelines within included. */
  readonly #timed: readonly (Policy & Timed)[];
  readonly #labels: ReadonlyMap<Policy, string>;
  #makers: readonly RecorderMaker[] = [];
  #stopRelays: (() => void) | undefined = undefined;
  /** @internal Whether `surround` was called. */
  surrounded = false;

  constructor(options: PipelineOptions, policies: readonly Policy[]) {
    super();
    const settings = settle<PipelineOptions>('pipeline', options, RULES, 'name');
    policies.forEach(checkPolicy);
    const { name, judge, clock } = settings;
    this.settings = settings;
    this.name = this.pipeline = name;
    this.policies = Object.freeze(policies);
    this.parts = judge === undefined ? policies : withJudge(judge, policies);
    this.judges = judge && { judge, outer: undefined };
    this.#clock = clock;
    const flat = flatten(policies);
    this.#timed = flat.filter(isTimed);
    this.#labels = labelsOf(flat);
    this.#agreeOnClock();
    this.stage = compile(policies);
    this.warnings = warningsOf(flat.map((policy) => ({ policy, label: this.labelOf(policy) })));
    printWarnings(name, this.warnings);
  }

  /** @internal */
  override labelOf(policy: Policy): string {
    return this.#labels.get(policy) ?? super.labelOf(policy);
  }

  /** @internal The library's own policies in it, those of pipelines within included. */
  get builtIns(): BuiltIn<object, unknown>[] {
    return [...this.#labels.keys()].filter((policy) => policy instanceof BuiltIn);
  }

  /**
   * @internal Puts a gate around all that comes through from now on, also where this stands within another, and lets
   * the pipeline be dropped while policies that it shares with others live on.
   */
  surround(gate: Gate): void {
    this.parts = [gate, ...this.parts];
    this.stage = fuse([gate], this.stage);
    this.surrounded = true;
    this.#relayNoMore();
    this.listenersChanged();
  }

  /** @internal */
  override launch<T>(run: Run, operation: Operation<T>): Promise<T> {
    const reported = this.heard('call');
    if (!reported && this.#makers.length === 0) return super.launch(run, operation);
    let recorder: Recorder | undefined = reported ? new CallRecorder(run) : undefined;
    // One of them may let in another, which is to have this run as well.
    for (let i = 0; i < this.#makers.length; i++)
      recorder = together(recorder, (this.#makers[i] as RecorderMaker)(run));
    return recorder === undefined ? super.launch(run, operation) : this.#recorded(recorder, run, operation);
  }

  // Apart, since a function with a closure in it allocates for that at each call, also where it is not come to.
  #recorded<T>(recorder: Recorder, run: Run, operation: Operation<T>): Promise<T> {
    run.recorder = recorder;
    return around(recorder, () => super.launch(run, operation));
  }

  /**
   * @internal Has what `make` returns, if anything, write down each run from now on, until what this returns is called.
   * Neither may throw.
   */
  record(make: RecorderMaker): () => void {
    this.#makers = [...this.#makers, make];
    return () => {
      this.#makers = this.#makers.filter((each) => each !== make);
    };
  }

  /** The pipeline's clock: its own, else its first policy's. */
  override get clock(): Clock {
    return this.#clock ?? this.#timed[0]?.clock ?? systemClock;
  }

  /** @internal */
  around(next: Next): Next {
    return outward(compile(this.parts, inward(next)));
  }

  protected override listenersChanged(): void {
    if (!this.heard('state')) return this.#relayNoMore();
    this.#stopRelays ??= relayStates(this, this.#labels, this.surrounded);
  }

  #relayNoMore(): void {
    this.#stopRelays?.();
    this.#stopRelays = undefined;
  }

  /** @internal Passes on the state of one of its policies. */
  relay(event: EventOrigin): void {
    this.emitHere('state', event);
    this.listenersChanged();
  }

  // Policies without a clock of their own take the pipeline's own, and keep it: but only once all of them agree, and
  // none that stands in another pipeline already, whose other policies would not follow.
  #agreeOnClock(): void {
    const { clock } = this;
    const within = pipelinesIn(this.policies);
    for (const policy of this.#timed) {
      const free = policy.home === undefined || within.includes(policy.home);
      if (policy.clock === clock || (this.#clock !== undefined && free && policy.clockless)) continue;
      const name = `clock of ${this.labelOf(policy)}`;
      throw allowed('pipeline', name, policy.clock, 'the same as that of the others');
    }
    for (const policy of this.#timed) {
      policy.settleIn(this.token, within);
      if (this.#clock !== undefined) policy.adoptClock(clock);
    }
  }
}

const pipelinesIn = (policies: readonly Policy[]): object[] =>
  policies.flatMap((policy) =>
    policy instanceof Pipeline ? [policy.token, ...pipelinesIn(policy.policies)] : [],
  );

type Timed = BuiltIn<object, unknown>;

const isTimed = (policy: Policy): policy is Policy & Timed =>
  policy instanceof BuiltIn && 'clock' in policy.settings;

function isPolicy(value: unknown): boolean {
  const has = (method: string): boolean =>
    typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function';
  return has('around') || (has('enter') && has('leave'));
}

function checkPolicy(policy: Policy, index: number): void {
  if (isPolicy(policy)) return;
  throw allowed('pipeline', `policy ${index + 1}`, policy, 'a gate (enter, leave) or a layer (around)');
}

/** A policy in the place of the name has a name too, and would pass for options. */
interface NoPolicy {
  readonly enter?: never;
  readonly around?: never;
}

/**
 * Composes policies, outermost first. The result runs operations, wraps functions, and may stand in another pipeline.
 *
 * @param nameOrOptions - its name, which labels events and metrics, or options with a name
 * @throws RangeError | TypeError - for a bad option, for what is no policy, for two policies with the same explicit
 *   name, and for policies on different clocks
 * @example
 * const payments = pipeline('payments', retry(), circuitBreaker(), timeout({ ms: 800 }), bulkhead());
 * const response = await payments.run(({ signal }) => fetch(url, { signal }));
 */
export function pipeline<const Policies extends readonly Policy[]>(
  nameOrOptions: string | (PipelineOptions & NoPolicy),
  ...policies: Policies
): Pipeline<ExtraOf<Policies[number]>, PipelineEventsOf<Policies>> {
  if (isPolicy(nameOrOptions))
    throw allowed('pipeline', 'name', nameOrOptions, 'a string, or options with a name');
  return new Pipeline(typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions, policies);
}
