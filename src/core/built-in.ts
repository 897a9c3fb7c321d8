/** What the library's own policies share: their clock, and events that reach the pipeline on whose behalf they happen. */
import type { CallNode } from './call.ts';
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts';
import { compile } from './compile.ts';
import type { HoldfastErrorInit } from './errors.ts';
import type { EventSource } from './events.ts';
import { printFault } from './faults.ts';
import type { Policy } from './policy.ts';
import type { Owner } from './run.ts';
import { type Engine, Runnable } from './runnable.ts';

/** What every policy may be given. */
export interface NameOption {
  /** The label in events and errors. Default: the policy's kind, such as `retry`. */
  readonly name?: string | undefined;
}

/** Options of every policy that has to do with time. */
export interface CommonOptions extends NameOption {
  /** Where time comes from. Default: the clock of the first pipeline that has one of its own, else `systemClock`. */
  readonly clock?: Clock | undefined;
}

/** Options that several policies take. */
interface SharedOptions extends CommonOptions {
  readonly random?: Random | undefined;
  readonly captureStack?: boolean | undefined;
}

/** What is common to the library's policies. Each is also a `Gate` or a `Layer`. */
export abstract class BuiltIn<Types extends object, Extra = never> extends Runnable<Types, Extra> {
  /** `retry`, `circuit-breaker`, `bulkhead`, `timeout` or `fallback`. */
  readonly kind: string;
  override readonly name: string;
  /** Whether the name is the user's own, which a pipeline does not change. */
  readonly named: boolean;
  /** Whether the policy has to do with time, and so must agree with its pipeline about the clock. */
  readonly timed: boolean = true;
  #clock: Clock | undefined;
  readonly #random: Random | undefined;
  readonly #captureStack: boolean | undefined;
  #alone: Engine | undefined = undefined;

  constructor(kind: string, options: SharedOptions) {
    super();
    this.kind = kind;
    this.name = options.name ?? kind;
    this.named = options.name !== undefined;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#captureStack = options.captureStack;
  }

  /** Where the policy's time comes from. */
  get clock(): Clock {
    return this.#clock ?? systemClock;
  }

  /** A pipeline's own clock becomes that of a policy which has none. False if the policy has another. */
  adoptClock(clock: Clock): boolean {
    this.#clock ??= clock;
    return this.#clock === clock;
  }

  /** @internal What a judge, a backoff or another function of the user threw. */
  faultIn(call: CallNode | undefined, fault: unknown): void {
    const { pipeline, sink } = call?.scope.run.owner ?? {};
    const label = this.labelIn(call);
    if (this.fault(fault, label, pipeline) || sink?.fault(fault, label)) return;
    printFault(this, label, fault);
  }

  protected labelIn(call: CallNode | undefined): string {
    return call?.scope.run.owner.labelOf(this.asPolicy()) ?? this.name;
  }

  protected randomIn(call: CallNode | undefined): Random {
    return this.#random ?? call?.scope.run.owner.random ?? systemRandom;
  }

  /** What every error of this policy says about where it comes from. */
  protected errorInit(call: CallNode | undefined): Required<Omit<HoldfastErrorInit, 'cause'>> {
    const owner = call?.scope.run.owner;
    return {
      policy: this.labelIn(call),
      pipeline: owner?.pipeline,
      captureStack: this.#captureStack ?? owner?.captureStack ?? false,
    };
  }

  /** Whether anybody would hear an event that this call causes. */
  protected heardIn(call: CallNode | undefined, type: keyof Types & string): boolean {
    return this.heard(type) || call?.scope.run.owner.sink?.heard(type) === true;
  }

  /** Emits to the policy's own listeners, and to those of the pipeline whose run it is. */
  protected emitIn<K extends keyof Types & string>(
    call: CallNode | undefined,
    type: K,
    detail: Omit<Types[K], keyof EventSource>,
  ): void {
    const owner = call?.scope.run.owner;
    const payload = { policy: this.labelIn(call), pipeline: owner?.pipeline, ...detail };
    this.emitHere(type, payload);
    owner?.sink?.emit(type, payload);
  }

  protected override engine(): Engine {
    this.#alone ??= { owner: this.#ownerAlone(), next: compile([this.asPolicy()]) };
    return this.#alone;
  }

  #ownerAlone(): Owner {
    const policy = this;
    return {
      pipeline: undefined,
      get clock() {
        return policy.clock;
      },
      random: systemRandom,
      judges: undefined,
      captureStack: false,
      labelOf: () => policy.name,
      sink: undefined,
      record: () => undefined,
    };
  }

  protected abstract asPolicy(): Policy;
}
