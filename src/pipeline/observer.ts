/**
 * What watches the runs of a pipeline from the inside: the report that a `call` event carries, and what makes traces
 * and metrics of runs. Nothing of it exists where nobody watches.
 */
import type { CallNode } from '../core/call.ts';
import type { EventOrigin } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Operation, Policy } from '../core/policy.ts';
import type { Recorder, Run } from '../core/run.ts';
import type { Scope } from '../core/scope.ts';

/** Watches runs. Neither it nor a watch of its may throw. */
export interface Observer {
  /** A run is about to start. Undefined if nothing is done about this one. */
  observe(run: Run): Watch | undefined;
}

/** Watches one run, from before it starts until it has settled. */
export interface Watch extends Recorder {
  /** Starts the run, where that is to happen within something of its own: a context, say. */
  around?<T>(start: () => Promise<T>): Promise<T>;
  settled(outcome: Outcome): void;
}

/** Those who watch one pipeline. To be let in twice and let go once is to be there still, and once. */
export class Observers implements Observer {
  readonly #all: Observer[] = [];
  #distinct: readonly Observer[] = [];

  add(observer: Observer): void {
    this.#all.push(observer);
    this.#distinct = [...new Set(this.#all)];
  }

  /** Whether any are left. */
  remove(observer: Observer): boolean {
    const place = this.#all.indexOf(observer);
    if (place >= 0) this.#all.splice(place, 1);
    this.#distinct = [...new Set(this.#all)];
    return this.#all.length > 0;
  }

  observe(run: Run): Watch | undefined {
    let watch: Watch | undefined;
    for (const observer of this.#distinct) watch = together(watch, observer.observe(run));
    return watch;
  }
}

/** Both of them, if there are two; the first stands further out. */
export const together = (outer: Watch | undefined, inner: Watch | undefined): Watch | undefined =>
  outer && inner ? new Both(outer, inner) : (outer ?? inner);

class Both implements Watch {
  readonly #outer: Watch;
  readonly #inner: Watch;

  constructor(outer: Watch, inner: Watch) {
    this.#outer = outer;
    this.#inner = inner;
  }

  around<T>(start: () => Promise<T>): Promise<T> {
    const further = () => around(this.#inner, start);
    return around(this.#outer, further);
  }

  invoke<T>(operation: Operation<T>, call: CallNode): PromiseLike<T> | T {
    const further: Operation<T> = (same) => invoke(this.#inner, operation, same as CallNode);
    return invoke(this.#outer, further, call);
  }

  began(call: CallNode): void {
    this.#each((watch) => watch.began(call));
  }

  ended(call: CallNode, outcome: Outcome): void {
    this.#each((watch) => watch.ended(call, outcome));
  }

  gaveUp(scope: Scope, outcome: Outcome): void {
    this.#each((watch) => watch.gaveUp(scope, outcome));
  }

  waited(policy: Policy, startMs: number): void {
    this.#each((watch) => watch.waited(policy, startMs));
  }

  refused(policy: Policy, error: unknown): void {
    this.#each((watch) => watch.refused(policy, error));
  }

  emitted(type: string, event: EventOrigin): void {
    this.#each((watch) => watch.emitted?.(type, event));
  }

  settled(outcome: Outcome): void {
    this.#each((watch) => watch.settled(outcome));
  }

  #each(tell: (watch: Watch) => void): void {
    tell(this.#outer);
    tell(this.#inner);
  }
}

/** Starts the run within what the watch wants around it, if it wants anything. */
export const around = <T>(watch: Watch, start: () => Promise<T>): Promise<T> =>
  watch.around === undefined ? start() : watch.around(start);

const invoke = <T>(watch: Watch, operation: Operation<T>, call: CallNode): PromiseLike<T> | T =>
  watch.invoke === undefined ? operation(call) : watch.invoke(operation, call);
