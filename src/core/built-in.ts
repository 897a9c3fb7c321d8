/** What the library's own policies share: their clock, and events that reach the pipeline on whose behalf they happen. */
import type { CallNode } from './call.ts';
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts';
import type { HoldfastErrorInit } from './errors.ts';
import type { EventSource } from './events.ts';
import type { Next, Policy } from './policy.ts';
import { Runnable } from './runnable.ts';

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
  /** @internal Whether the name is the user's own, which a pipeline does not change. */
  readonly named: boolean;
  /** @internal Whether the policy has to do with time, and so must agree with its pipeline about the clock. */
  readonly timed: boolean = true;
  /** @internal */
  override readonly random: Random | undefined;
  /** @internal */
  override readonly captureStack: boolean | undefined;
  #clock: Clock | undefined;
  #next: Next | undefined = undefined;

  constructor(kind: string, options: SharedOptions) {
    super();
    this.kind = kind;
    this.name = options.name ?? kind;
    this.named = options.name !== undefined;
    this.random = options.random;
    this.captureStack = options.captureStack;
    this.#clock = options.clock;
  }

  override get clock(): Clock {
    return this.#clock ?? systemClock;
  }

  /** @internal A pipeline's own clock becomes that of a policy which has none. False if the policy has another. */
  adoptClock(clock: Clock): boolean {
    this.#clock ??= clock;
    return this.#clock === clock;
  }

  /** @internal */
  override get next(): Next {
    this.#next ??= this.compiled();
    return this.#next;
  }

  /** What the policy does around an operation when it runs alone. */
  protected abstract compiled(): Next;

  /** @internal What a judge, a backoff or another function of the user threw. */
  faultIn(call: CallNode, fault: unknown): void {
    const { owner } = call.run;
    const type = 'listener-error';
    const listener = !this.heard(type) && owner.heard(type) ? owner : this;
    listener.fault(fault, this.originIn(call));
  }

  /** What every event and error says about where it comes from. */
  protected originIn({ run: { owner } }: CallNode): EventSource {
    return { policy: owner.labelOf(this as unknown as Policy), pipeline: owner.pipeline };
  }

  protected randomIn(call: CallNode): Random {
    return this.random ?? call.run.owner.random ?? systemRandom;
  }

  protected errorInit(call: CallNode): HoldfastErrorInit {
    return { ...this.originIn(call), captureStack: this.captureStack ?? call.run.owner.captureStack };
  }

  /** Emits to the policy's own listeners, and to those of the pipeline whose run it is; makes the event if any hears. */
  protected emitIn<K extends keyof Types & string>(
    call: CallNode,
    type: K,
    detail: () => Omit<Types[K], keyof EventSource>,
  ): void {
    const { owner } = call.run;
    if (!this.heard(type) && !owner.heard(type)) return;
    const payload = { ...this.originIn(call), ...detail() };
    this.emitHere(type, payload);
    if (owner !== (this as unknown)) owner.emitHere(type, payload);
  }
}
