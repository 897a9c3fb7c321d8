/**
 * A node of the call's tree, and the gates that stand around all that is in it. Whatever happens to a call, each gate
 * that admitted it is told exactly once how it ended, and exactly once that the work is over.
 */
import { CallCounts } from './call.ts';
import { isRejection, type Rejection, stampRejection } from './errors.ts';
import { type Failure, failure, type Outcome } from './outcome.ts';
import type { Gate, Operation } from './policy.ts';
import { isThenable } from './promises.ts';
import { resuming, type Stage, tell } from './stage.ts';

/** Neighbouring gates, outermost first, and what stands further in. */
export interface GateGroup {
  readonly gates: readonly Gate[];
  readonly inner: Stage;
}

/** What a gate gave, and is to get back; and the one further out. */
interface Held {
  readonly gate: Gate;
  readonly ticket: unknown;
  readonly outer: Held | undefined;
}

export abstract class CallNode extends CallCounts {
  private group: GateGroup | undefined = undefined;
  private operation: Operation<unknown> | undefined = undefined;
  /** How many gates have given a ticket. */
  private entered = 0;
  /** What they gave, innermost first. */
  private held: Held | undefined = undefined;
  private left = false;
  private released = false;

  /** Whether gates stand in here already. */
  get gated(): boolean {
    return this.group !== undefined;
  }

  /** Enters the gates, and passes on to what is further in. */
  enterGates(group: GateGroup, operation: Operation<unknown>): void {
    this.group = group;
    this.operation = operation;
    this.onGated();
    this.enterRest(group.inner);
  }

  /** Gates are about to be entered, which have to know when the scope around the node stops. */
  protected abstract onGated(): void;

  /** They have been told how it ended. */
  protected abstract onLeft(): void;

  /** Enters the gates that have given no ticket yet. */
  private enterRest(inner: Stage): void {
    const { gates } = this.group as GateGroup;
    while (this.entered < gates.length) {
      const gate = gates[this.entered] as Gate;
      try {
        const answer = gate.enter(this);
        if (isThenable(answer)) return this.wait(gate, answer);
        if (isRejection(answer)) return this.refused(gate, answer);
        this.hold(gate, answer);
      } catch (error) {
        return this.failed(error);
      }
    }
    inner(this.operation as Operation<unknown>, this);
  }

  private hold(gate: Gate, ticket: unknown): void {
    this.entered++;
    this.held = { gate, ticket, outer: this.held };
  }

  private wait(gate: Gate, answer: PromiseLike<unknown>): void {
    const { run } = this;
    const startMs = run.clock.now();
    Promise.resolve(answer).then(
      (ticket) => {
        run.recorder?.waited(gate, startMs);
        if (isRejection(ticket)) return this.refused(gate, ticket);
        const { held } = this;
        this.hold(gate, ticket);
        const { stopped } = this.scope;
        if (stopped === undefined) return this.enterRest(resuming((this.group as GateGroup).inner));
        // It was given up while it waited: the others have left, and this place goes back at once.
        if (this.left) this.tellGates('unused', held);
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

  /** What is further in settled, with `outcome`, which counts only where no invocation of the operation has ended. */
  leaveGates(outcome: Outcome): void {
    if (this.group === undefined || this.left) return;
    this.left = true;
    this.released = this.running === 0;
    this.onLeft();
    this.tellGates(this.invocations === 0 ? 'unused' : (this.last ?? outcome));
  }

  /** The scope around gave up. Work that is given up counts as `why`; work that has ended counts as it ended. */
  giveUpGates(why: Failure): void {
    if (this.running > 0) this.last = why;
    this.leaveGates(why);
  }

  override onIdle(): void {
    if (!this.left || this.released) return;
    this.released = true;
    this.tellGates();
  }

  /** Tells the gates, up to those `outside`, how the call ended, if that is said, and that the work is over, if it is. */
  private tellGates(outcome?: Outcome | 'unused', outside?: Held): void {
    for (let held = this.held; held !== outside && held !== undefined; held = held.outer) {
      const { gate, ticket } = held;
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

  /**
   * Told how what is further in ended, which is how this ends too, if nothing is to be made of it. What it returns is
   * told to the node around; undefined if nothing is to be told, or only later.
   */
  abstract settled(outcome: Outcome): Outcome | undefined;
}
