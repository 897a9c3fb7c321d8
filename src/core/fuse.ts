/**
 * Neighbouring gates in one frame. Whatever happens to a call, each gate that admitted it is told exactly once how
 * it ended, and exactly once that the work is over.
 */
import { CallNode } from './call.ts';
import { isRejection, type Rejection, stampRejection } from './errors.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { Gate, Next, Operation } from './policy.ts';
import { isThenable, observed, rejectLater } from './promises.ts';
import type { Dependent } from './scope.ts';

export function fuse(gates: readonly Gate[], next: Next): Next {
  return (operation, call) => {
    const { stopped } = (call as CallNode).scope;
    if (stopped !== undefined) return rejectLater(stopped.error);
    return new Stay(gates, call as CallNode).enter(next, operation);
  };
}

/** What a group of gates has admitted: one node of the call's tree, and the tickets that have to be given back. */
class Stay extends CallNode implements Dependent {
  private readonly gates: readonly Gate[];
  private readonly tickets: unknown[];
  /** How many gates have given one. */
  private entered = 0;
  private left = false;
  private released = false;

  constructor(gates: readonly Gate[], call: CallNode) {
    super(call);
    this.gates = gates;
    this.tickets = new Array(gates.length);
    this.scope.add(this);
  }

  /** Enters the gates that have given no ticket yet, and passes on to what is further in. */
  enter<T>(next: Next, operation: Operation<T>): Promise<T> {
    while (this.entered < this.gates.length) {
      const gate = this.gates[this.entered] as Gate;
      try {
        const answer = gate.enter(this);
        if (isThenable(answer)) return this.#wait(gate, answer, next, operation);
        if (isRejection(answer)) return this.#refused(gate, answer);
        this.tickets[this.entered++] = answer;
      } catch (error) {
        return this.#failed(error);
      }
    }
    return observed(next(operation, this), this, settled);
  }

  #wait<T>(gate: Gate, answer: PromiseLike<unknown>, next: Next, operation: Operation<T>): Promise<T> {
    const { run } = this;
    const startMs = run.clock.now();
    return Promise.resolve(answer).then(
      (ticket) => {
        run.recorder?.waited(gate, startMs);
        if (isRejection(ticket)) return this.#refused(gate, ticket);
        const place = this.entered;
        this.tickets[this.entered++] = ticket;
        const { stopped } = this.scope;
        if (stopped === undefined) return this.enter(next, operation);
        // It was given up while it waited: the others have left, and this place goes back at once.
        if (this.left) this.#tell(place, 'unused');
        return this.#failed(stopped.error);
      },
      (error) => this.#failed(error),
    );
  }

  #refused(gate: Gate, rejection: Rejection): Promise<never> {
    const { run } = this;
    stampRejection(rejection, run, gate);
    run.recorder?.refused(gate, rejection);
    return this.#failed(rejection);
  }

  /** The call did not get past the gates. */
  #failed(error: unknown): Promise<never> {
    this.#leave('unused');
    return rejectLater(error);
  }

  /** What is further in settled, with this, which counts only where no invocation of the operation has ended. */
  settled(outcome: Outcome): void {
    this.#leave(this.invocations === 0 ? 'unused' : (this.last ?? outcome));
  }

  /** The scope around stopped. Work that is given up counts as `why`; work that has ended counts as it ended. */
  onStop(why: Failure, gaveUp: boolean): void {
    if (!gaveUp) return;
    if (this.running > 0) this.last = why;
    this.settled(why);
  }

  #leave(outcome: Outcome | 'unused'): void {
    if (this.left) return;
    this.left = true;
    this.released = this.running === 0;
    this.unlink();
    this.#tell(0, outcome);
  }

  protected override onIdle(): void {
    if (!this.left || this.released) return;
    this.released = true;
    this.#tell(0);
  }

  /** Tells the gates, back to number `first`, how the call ended, if that is said, and that the work is over, if it is. */
  #tell(first: number, outcome?: Outcome | 'unused'): void {
    for (let i = this.entered - 1; i >= first; i--) {
      const gate = this.gates[i] as Gate;
      const ticket = this.tickets[i];
      try {
        if (outcome !== undefined) gate.leave(ticket, outcome, !this.released);
      } catch (fault) {
        this.#fault(gate, fault);
      }
      try {
        if (this.released) gate.release?.(ticket);
      } catch (fault) {
        this.#fault(gate, fault);
      }
    }
  }

  /** What a gate throws then stops nobody. */
  #fault(gate: Gate, fault: unknown): void {
    const { owner } = this.run;
    owner.fault(fault, owner.sourceOf(gate));
  }
}

const settled = (stay: Stay, outcome: Outcome): void => stay.settled(outcome);
