/**
 * Neighbouring gates in one node of the call's tree. Whatever happens to a call, each gate that admitted it is told
 * exactly once how it ended, and exactly once that the work is over.
 */
import { CallNode } from './call.ts';
import { isRejection, type Rejection, stampRejection } from './errors.ts';
import { type Failure, failure, type Outcome } from './outcome.ts';
import type { Gate, Operation } from './policy.ts';
import { isThenable } from './promises.ts';
import type { Dependent } from './scope.ts';
import { type Stage, tell } from './stage.ts';

export function fuse(gates: readonly Gate[], next: Stage): Stage {
  return (operation, call) => {
    const { stopped } = call.scope;
    if (stopped !== undefined) return tell(call, stopped);
    new Stay(gates, next, operation, call).enter();
  };
}

/** What a group of gates has admitted: the tickets that have to be given back. */
class Stay extends CallNode implements Dependent {
  private readonly gates: readonly Gate[];
  private readonly inner: Stage;
  private readonly operation: Operation<unknown>;
  private readonly tickets: unknown[];
  /** How many gates have given one. */
  private entered = 0;
  private left = false;
  private released = false;

  constructor(gates: readonly Gate[], inner: Stage, operation: Operation<unknown>, call: CallNode) {
    super(call);
    this.gates = gates;
    this.inner = inner;
    this.operation = operation;
    this.tickets = new Array(gates.length);
    this.scope.add(this);
  }

  /** Enters the gates that have given no ticket yet, and passes on to what is further in. */
  enter(): void {
    while (this.entered < this.gates.length) {
      const gate = this.gates[this.entered] as Gate;
      try {
        const answer = gate.enter(this);
        if (isThenable(answer)) return this.wait(gate, answer);
        if (isRejection(answer)) return this.refused(gate, answer);
        this.tickets[this.entered++] = answer;
      } catch (error) {
        return this.failed(error);
      }
    }
    this.inner(this.operation, this);
  }

  private wait(gate: Gate, answer: PromiseLike<unknown>): void {
    const { run } = this;
    const startMs = run.clock.now();
    Promise.resolve(answer).then(
      (ticket) => {
        run.recorder?.waited(gate, startMs);
        if (isRejection(ticket)) return this.refused(gate, ticket);
        const place = this.entered;
        this.tickets[this.entered++] = ticket;
        const { stopped } = this.scope;
        if (stopped === undefined) return this.enter();
        // It was given up while it waited: the others have left, and this place goes back at once.
        if (this.left) this.tell(place, 'unused');
        this.failed(stopped.error);
      },
      (error) => this.failed(error),
    );
  }

  private refused(gate: Gate, rejection: Rejection): void {
    const { run } = this;
    stampRejection(rejection, run, gate);
    run.recorder?.refused(gate, rejection);
    this.failed(rejection);
  }

  /** The call did not get past the gates. */
  private failed(error: unknown): void {
    tell(this, failure(error));
  }

  /** What is further in settled, with this, which counts only where no invocation of the operation has ended. */
  override settled(outcome: Outcome): Outcome {
    this.leave(this.invocations === 0 ? 'unused' : (this.last ?? outcome));
    return outcome;
  }

  /** The scope around stopped. Work that is given up counts as `why`; work that has ended counts as it ended. */
  onStop(why: Failure, gaveUp: boolean): void {
    if (!gaveUp) return;
    if (this.running > 0) this.last = why;
    this.settled(why);
  }

  private leave(outcome: Outcome | 'unused'): void {
    if (this.left) return;
    this.left = true;
    this.released = this.running === 0;
    this.unlink();
    this.tell(0, outcome);
  }

  protected override onIdle(): void {
    if (!this.left || this.released) return;
    this.released = true;
    this.tell(0);
  }

  /** Tells the gates, back to number `first`, how the call ended, if that is said, and that the work is over, if it is. */
  private tell(first: number, outcome?: Outcome | 'unused'): void {
    for (let i = this.entered - 1; i >= first; i--) {
      const gate = this.gates[i] as Gate;
      const ticket = this.tickets[i];
      try {
        if (outcome !== undefined) gate.leave(ticket, outcome, !this.released);
      } catch (fault) {
        this.fault(gate, fault);
      }
      try {
        if (this.released) gate.release?.(ticket);
      } catch (fault) {
        this.fault(gate, fault);
      }
    }
  }

  /** What a gate throws then stops nobody. */
  private fault(gate: Gate, fault: unknown): void {
    const { owner } = this.run;
    owner.fault(fault, owner.sourceOf(gate));
  }
}
