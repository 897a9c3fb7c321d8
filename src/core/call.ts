/**
 * A call as the operation sees it, and behind that the tree which the run keeps of it. Wherever a gate admits, an
 * attempt starts or a timeout begins, the node of the call gets a child; each node counts what happened below it.
 * From these counts a gate learns by fact, not from an error's class, whether the operation ran and how it ended.
 */

import type { Judges } from './judge.ts';
import { Link } from './links.ts';
import type { Outcome } from './outcome.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import type { Stay } from './stay.ts';

/** What an operation, a policy or a judge is told about the call at hand. */
export interface Call {
  /** Number of the attempt, from 1: that of the innermost retry around. */
  readonly attempt: number;
  /**
   * Aborts when a timeout around gives up or the caller aborts, with the reason. It is made when it is first read:
   * an operation that does not ask for it does not pay for it. The signal of a call that succeeded is never aborted.
   */
  readonly signal: AbortSignal;
  /** Milliseconds left until the nearest deadline, at least 0; `Infinity` without one. */
  readonly remainingMs: number;
  /** The name of the pipeline that runs; undefined where a policy runs alone. */
  readonly pipeline: string | undefined;
  /** What the caller passed as `context` to `run`. */
  readonly context: unknown;
}

export abstract class CallNode extends Link implements Call {
  readonly parent: CallNode | undefined;
  /** The root. */
  readonly run: Run;
  /** The nearest part of the tree around that can be given up as a whole; perhaps the node itself. */
  scope: Scope;
  readonly attempt: number;
  readonly judges: Judges | undefined;
  /** How often the operation was invoked below this node. */
  invocations = 0;
  /** How many of these invocations have not ended. */
  running = 0;
  /** How the last of them to end did, or the time-out that gave it up. */
  last: Outcome | undefined = undefined;
  /** With the gates that stand around all that is below this node, if any. */
  stay: Stay | undefined = undefined;

  /** The same call, unless something is said to be different. */
  constructor(parent: CallNode | undefined, attempt = parent?.attempt ?? 1, judges = parent?.judges) {
    super();
    this.parent = parent;
    this.run = parent?.run ?? (this as unknown as Run);
    this.scope = parent?.scope ?? (this as unknown as Scope);
    this.attempt = attempt;
    this.judges = judges;
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** When the nearest deadline is due, on the run's clock. */
  get deadline(): number {
    return this.scope.due;
  }

  get remainingMs(): number {
    const { deadline } = this;
    return deadline === Infinity ? Infinity : Math.max(0, deadline - this.run.clock.now());
  }

  get pipeline(): string | undefined {
    return this.run.owner.pipeline;
  }

  get context(): unknown {
    return this.run.options.context;
  }

  /** What of it can be logged: the tree behind it is no plain data. */
  toJSON(): object {
    const { attempt, remainingMs, pipeline, context } = this;
    return { attempt, remainingMs, pipeline, context };
  }

  /** Counts an invocation, here and in every node above. */
  began(): void {
    this.run.recorder?.began(this);
    for (let node: CallNode | undefined = this; node !== undefined; node = node.parent) {
      node.invocations++;
      node.running++;
    }
  }

  /** Counts its end. The result of work that was given up is late: it is nobody's outcome any more. */
  ended(outcome: Outcome): void {
    this.run.recorder?.ended(this, outcome);
    const late = this.scope.gaveUp;
    for (let node: CallNode | undefined = this; node !== undefined; node = node.parent) {
      node.running--;
      if (!late) node.last = outcome;
      if (node.running === 0) node.stay?.onIdle();
    }
  }

  /** Lets every node above learn of an outcome that a layer here gave to work of its own accord. */
  overruled(outcome: Outcome): void {
    if (this.invocations === 0) return;
    for (let node = this.parent; node !== undefined; node = node.parent) node.last = outcome;
  }

  /** Gates are about to be entered, which have to know when the scope around this node stops. */
  abstract onGated(): void;

  /** They have been told how it ended. */
  abstract onLeft(): void;

  /**
   * Told how what is further in ended, which is how this ends too, if nothing is to be made of it. What it returns is
   * told to the node around; undefined if nothing is to be told, or only later.
   */
  abstract settled(outcome: Outcome): Outcome | undefined;
}
