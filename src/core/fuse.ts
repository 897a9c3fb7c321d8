/**
 * Neighbouring gates in one frame. Whatever happens to a call, each gate that admitted it is told exactly once how
 * it ended, and exactly once that the work is over.
 */
import { CallNode } from './call.ts';
import { isRejection, type Rejection, stampRejection } from './errors.ts';
import { type Failure, failure, type Outcome, success } from './outcome.ts';
import type { Gate, Next, Operation } from './policy.ts';
import { isThenable, rejectLater } from './promises.ts';
import type { Dependent } from './scope.ts';

export function fuse(gates: readonly Gate[], next: Next): Next {
  return (operation, call) => {
    const { stopped } = (call as CallNode).scope;
    if (stopped !== undefined) return rejectLater(stopped.error);
    return new Stay(gates, call as CallNode).enter(0, next, operation);
  };
}

/** What a group of gates has admitted: one node of the call's tree, and the tickets that have to be given back. */
class Stay extends CallNode implements Dependent {
  readonly #gates: readonly Gate[];
  readonly #tickets: unknown[] = [];
  #left = false;
  #released = false;

  constructor(gates: readonly Gate[], call: CallNode) {
    super(call, call.scope, call.attempt, call.deadline, call.judges);
    this.#gates = gates;
    this.scope.add(this);
  }

  /** Enters the gates from number `from` on, and passes on to what is further in. */
  enter<T>(from: number, next: Next, operation: Operation<T>): Promise<T> {
    for (let i = from; i < this.#gates.length; i++) {
      const gate = this.#gates[i] as Gate;
      try {
        const answer = gate.enter(this);
        if (isThenable(answer)) return this.#wait(gate, answer, next, operation);
        if (isRejection(answer)) return this.#refused(gate, answer);
        this.#tickets.push(answer);
      } catch (error) {
        return this.#failed(error);
      }
    }
    return next(operation, this).then(
      (value) => {
        this.#settled(success(value));
        return value;
      },
      (error) => {
        this.#settled(failure(error));
        throw error;
      },
    );
  }

  #wait<T>(gate: Gate, answer: PromiseLike<unknown>, next: Next, operation: Operation<T>): Promise<T> {
    const { run } = this;
    const startMs = run.recorder && run.clock.now();
    return Promise.resolve(answer).then(
      (ticket) => {
        if (startMs !== undefined) run.recorder?.waited(gate, startMs);
        if (isRejection(ticket)) return this.#refused(gate, ticket);
        const place = this.#tickets.push(ticket) - 1;
        if (!this.#left) return this.enter(place + 1, next, operation);
        // It was given up while it waited: the others have left, and this place goes back at once.
        this.#tell(place, 'unused');
        this.#tell(place);
        return rejectLater(this.scope.stopped?.error);
      },
      (error) => this.#failed(error),
    );
  }

  #refused(gate: Gate, rejection: Rejection): Promise<never> {
    const { run } = this;
    stampRejection(rejection, run.id, run.owner.labelOf(gate), run.owner.pipeline);
    run.recorder?.refused(gate, rejection);
    return this.#failed(rejection);
  }

  /** The call did not get past the gates. */
  #failed(error: unknown): Promise<never> {
    this.#leave('unused');
    return rejectLater(error);
  }

  /** What is further in settled, with this, which counts only where no invocation of the operation has ended. */
  #settled(observed: Outcome): void {
    this.#leave(this.invocations === 0 ? 'unused' : (this.last ?? observed));
  }

  /** The scope around stopped. Work that is given up counts as `why`; work that has ended counts as it ended. */
  onStop(why: Failure, gaveUp: boolean): void {
    if (!gaveUp) return;
    if (this.running > 0) this.last = why;
    this.#settled(why);
  }

  protected override onIdle(): void {
    if (!this.#left || this.#released) return;
    this.#released = true;
    for (let i = this.#tickets.length - 1; i >= 0; i--) this.#tell(i);
  }

  #leave(outcome: Outcome | 'unused'): void {
    if (this.#left) return;
    this.#left = true;
    this.#released = this.running === 0;
    this.scope.drop(this);
    for (let i = this.#tickets.length - 1; i >= 0; i--) {
      this.#tell(i, outcome);
      if (this.#released) this.#tell(i);
    }
  }

  /** Tells a gate how the call ended, or without an outcome that the work is over. What it throws stops nobody. */
  #tell(i: number, outcome?: Outcome | 'unused'): void {
    const gate = this.#gates[i] as Gate;
    try {
      if (outcome === undefined) gate.release?.(this.#tickets[i]);
      else gate.leave(this.#tickets[i], outcome, !this.#released);
    } catch (fault) {
      const { owner } = this.run;
      owner.fault(fault, { policy: owner.labelOf(gate), pipeline: owner.pipeline });
    }
  }
}
