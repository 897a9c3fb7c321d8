/**
 * A call's stay with neighbouring gates, for all that happens further in. Whatever that is, each gate that admitted the
 * call is told exactly once how it ended, and exactly once that the work is over.
 */
import type { CallNode } from './call.ts';
import { isRejection, type Rejection, stampRejection } from './errors.ts';
import { type Failure, failure, type Outcome } from './outcome.ts';
import type { Gate, Operation } from './policy.ts';
import { isThenable } from './promises.ts';
import { type Stage, tell, tellLater } from './stage.ts';

/** What a gate gave, and is to get back; and the one further out. */
interface Held {
  readonly gate: Gate;
  readonly ticket: unknown;
  readonly outer: Held | undefined;
}

export class Stay {
  /** The node around which the gates stand. */
  private readonly node: CallNode;
  /** Outermost first. */
  private readonly gates: readonly Gate[];
  private readonly inner: Stage;
  private readonly operation: Operation<unknown>;
  /** How many gates have given a ticket. */
  private entered = 0;
  /** What they gave, innermost first. */
  private held: Held | undefined = undefined;
  private left = false;
  private released = false;

  constructor(node: CallNode, gates: readonly Gate[], inner: Stage, operation: Operation<unknown>) {
    this.node = node;
    this.gates = gates;
    this.inner = inner;
    this.operation = operation;
  }

  /** Enters the gates that have given no ticket yet, and passes on to what is further in. */
  enter(): void {
    const { gates, node } = this;
    while (this.entered < gates.length) {
      const gate = gates[this.entered] as Gate;
      try {
        const answer = gate.enter(node);
        if (isThenable(answer)) return this.wait(gate, answer);
        if (answer instanceof Error && isRejection(answer)) return this.refused(gate, answer);
        this.hold(gate, answer);
      } catch (error) {
        return this.failed(error);
      }
    }
    this.inner(this.operation, node);
  }

  private hold(gate: Gate, ticket: unknown): void {
    this.entered++;
    this.held = { gate, ticket, outer: this.held };
  }

  private wait(gate: Gate, answer: PromiseLike<unknown>): void {
    const { run, scope } = this.node;
    const { recorder } = run;
    const startMs = recorder && run.clock.now();
    Promise.resolve(answer).then(
      (ticket) => {
        recorder?.waited(gate, startMs as number);
        if (isRejection(ticket)) return this.refused(gate, ticket);
        const { held } = this;
        this.hold(gate, ticket);
        const halted = scope.halted();
        if (halted === undefined) return this.enter();
        // If it was given up while it waited the others have left, and this place goes back at once.
        if (this.left) this.tell(held, 'unused');
        tellLater(this.node, halted);
      },
      (error) => this.failed(error),
    );
  }

  private refused(gate: Gate, rejection: Rejection): void {
    const { run } = this.node;
    stampRejection(rejection, run, gate);
    run.recorder?.refused(gate, rejection);
    this.failed(rejection);
  }

  /** The call did not get past the gates. */
  private failed(error: unknown): void {
    tell(this.node, failure(error));
  }

  /** What is further in settled, with `outcome`, which counts only where no invocation of the operation has ended. */
  leave(outcome: Outcome): void {
    if (this.left) return;
    const { node } = this;
    this.left = true;
    this.released = node.running === 0;
    node.onLeft();
    this.tell(undefined, node.invocations === 0 ? 'unused' : (node.last ?? outcome));
  }

  /** The scope around gave up. Work that is given up counts as `why`; work that has ended counts as it ended. */
  giveUp(why: Failure): void {
    if (this.node.running > 0) this.node.last = why;
    this.leave(why);
  }

  /** No invocation further in runs any more. */
  onIdle(): void {
    if (!this.left || this.released) return;
    this.released = true;
    this.tell(undefined);
  }

  /** Tells the gates within those `outside` how the call ended, if that is said, and that the work is over, if it is. */
  private tell(outside: Held | undefined, outcome?: Outcome | 'unused'): void {
    for (let held = this.held; held !== outside; held = held!.outer) {
      const { gate, ticket } = held as Held;
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
    const { owner } = this.node.run;
    owner.fault(fault, owner.sourceOf(gate));
  }
}
