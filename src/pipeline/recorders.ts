/** Several recorders of one run, as one. */
import type { CallNode } from '../core/call.ts';
import type { EventOrigin } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Operation, Policy } from '../core/policy.ts';
import type { Recorder } from '../core/run.ts';
import type { Scope } from '../core/scope.ts';

/** Both of them, if there are two; the first stands further out. */
export const together = (outer: Recorder | undefined, inner: Recorder | undefined): Recorder | undefined =>
  outer && inner ? new Both(outer, inner) : (outer ?? inner);

class Both implements Recorder {
  readonly #outer: Recorder;
  readonly #inner: Recorder;

  constructor(outer: Recorder, inner: Recorder) {
    this.#outer = outer;
    this.#inner = inner;
  }

  began(call: CallNode): void {
    this.#outer.began(call);
    this.#inner.began(call);
  }

  ended(call: CallNode, outcome: Outcome): void {
    this.#outer.ended(call, outcome);
    this.#inner.ended(call, outcome);
  }

  gaveUp(scope: Scope, outcome: Outcome): void {
    this.#outer.gaveUp(scope, outcome);
    this.#inner.gaveUp(scope, outcome);
  }

  waited(policy: Policy, startMs: number): void {
    this.#outer.waited(policy, startMs);
    this.#inner.waited(policy, startMs);
  }

  refused(policy: Policy, error: unknown): void {
    this.#outer.refused(policy, error);
    this.#inner.refused(policy, error);
  }

  timedOut(policy: Policy | undefined, error: unknown): void {
    this.#outer.timedOut(policy, error);
    this.#inner.timedOut(policy, error);
  }

  recovered(): void {
    this.#outer.recovered();
    this.#inner.recovered();
  }

  settled(outcome: Outcome): void {
    this.#outer.settled(outcome);
    this.#inner.settled(outcome);
  }

  around<T>(start: () => Promise<T>): Promise<T> {
    return around(this.#outer, () => around(this.#inner, start));
  }

  invoke<T>(operation: Operation<T>, call: CallNode): PromiseLike<T> | T {
    return invoke(this.#outer, (same) => invoke(this.#inner, operation, same as CallNode), call);
  }

  emitted(type: string, event: EventOrigin): void {
    this.#outer.emitted?.(type, event);
    this.#inner.emitted?.(type, event);
  }
}

/** Starts the run within what the recorder wants around it, if it wants anything. */
export const around = <T>(recorder: Recorder, start: () => Promise<T>): Promise<T> =>
  recorder.around === undefined ? start() : recorder.around(start);

const invoke = <T>(recorder: Recorder, operation: Operation<T>, call: CallNode): PromiseLike<T> | T =>
  recorder.invoke === undefined ? operation(call) : recorder.invoke(operation, call);
