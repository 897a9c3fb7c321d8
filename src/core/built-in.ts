/** What the library's own policies share: their clock, and events that reach the pipeline on whose behalf they happen. */
import type { CallNode } from './call.ts';
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts';
import type { HoldfastErrorInit } from './errors.ts';
import type { EventOrigin } from './events.ts';
import { fuse } from './fuse.ts';
import { invoke } from './invoke.ts';
import type { Judge } from './judge.ts';
import type { Gate, Policy } from './policy.ts';
import { Runnable } from './runnable.ts';
import type { Stage } from './stage.ts';

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
export interface SharedSettings extends CommonOptions {
  readonly random?: Random | undefined;
  readonly judge?: Judge | undefined;
  readonly captureStack?: boolean | undefined;
}

/** A circuit that is not closed; or work: a call that was admitted or waits, a permit, a place held by abandoned work. */
export type Holding = 'circuit' | 'work';

/** What is common to the library's policies. Each is also a `Gate` or a `Layer`. */
export abstract class BuiltIn<
  Types extends object,
  Extra = never,
  Settings extends SharedSettings = SharedSettings,
> extends Runnable<Types, Extra> {
  /** `retry`, `circuit-breaker`, `bulkhead`, `timeout` or `fallback`. */
  readonly kind: string;
  override readonly name: string;
  /** @internal */
  override readonly settings: Settings;
  /** @internal Stands for the first pipeline in which it stands, and does not keep it alive. */
  home: object | undefined = undefined;
  /** @internal Whether it stands in more pipelines than that. */
  shared = false;
  #clock: Clock | undefined;
  #stage: Stage | undefined = undefined;
  #waiting: Set<() => void> | undefined = undefined;

  constructor(kind: string, settings: Settings) {
    super();
    this.kind = kind;
    this.name = settings.name ?? kind;
    this.settings = settings;
    this.#clock = settings.clock;
  }

  override get clock(): Clock {
    return this.#clock ?? systemClock;
  }

  /** @internal Whether the policy has no clock of its own yet. */
  get clockless(): boolean {
    return this.#clock === undefined;
  }

  /** @internal The clock of its first pipeline becomes that of a policy which has none. */
  adoptClock(clock: Clock): void {
    this.#clock ??= clock;
  }

  /** @internal What would be lost if it were dropped now. A policy that has nothing to lose does not say. */
  get holds(): Holding | undefined {
    return undefined;
  }

  /** @internal Calls `fn`, once, when what it holds may have changed; returns what takes that back. */
  whenReleased(fn: () => void): () => void {
    this.#waiting ??= new Set();
    const waiting = this.#waiting.add(fn);
    return () => void waiting.delete(fn);
  }

  /** @internal It holds nothing any more, or less than before. */
  released(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) for (const fn of waiting) fn();
  }

  /** @internal The same, if it holds nothing any more. */
  releasedIfIdle(): void {
    if (this.#waiting !== undefined && this.holds === undefined) this.released();
  }

  /** @internal No call may come for a long time: lets go of what is only kept to make the next one cheap. */
  rest(): void {}

  /** @internal It stands in a pipeline, within which are those for which the tokens `within` stand. */
  settleIn(token: object, within: readonly object[]): void {
    this.home ??= token;
    if (this.home === token || within.includes(this.home)) return;
    this.shared = true;
    this.released();
  }

  /** @internal */
  override get stage(): Stage {
    this.#stage ??= this.stageAround(invoke);
    return this.#stage;
  }

  /** @internal What it does around what stands further in: a gate decides, a layer says here what it does. */
  stageAround(next: Stage): Stage {
    return fuse([this as unknown as Gate], next);
  }

  /** @internal What a judge, a backoff or another function of the user threw. */
  faultIn({ run: { owner } }: CallNode, fault: unknown): void {
    const type = 'listener-error';
    const listener = !this.heard(type) && owner.heard(type) ? owner : this;
    listener.fault(fault, owner.sourceOf(this as unknown as Policy));
  }

  /** @internal */
  protected randomIn(call: CallNode): Random {
    return this.settings.random ?? call.run.owner.settings.random ?? systemRandom;
  }

  /** @internal */
  protected errorInit({ run: { owner } }: CallNode): HoldfastErrorInit {
    return {
      policy: owner.labelOf(this as unknown as Policy),
      pipeline: owner.pipeline,
      captureStack: this.settings.captureStack ?? owner.settings.captureStack,
    };
  }

  /** @internal Emits to the policy's own listeners, and to those of the pipeline whose run it is; makes the event if any hears. */
  protected emitIn<K extends keyof Types & string>(
    { run: { owner, recorder } }: CallNode,
    type: K,
    detail: () => Omit<Types[K], keyof EventOrigin>,
  ): void {
    if (!this.heard(type) && !owner.heard(type) && recorder?.emitted === undefined) return;
    const payload = { ...owner.sourceOf(this as unknown as Policy), ...detail() };
    recorder?.emitted?.(type, payload);
    this.emitHere(type, payload);
    if (owner !== (this as unknown)) owner.emitHere(type, payload);
  }
}
