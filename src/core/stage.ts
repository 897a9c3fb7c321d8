/**
 * How the library's own policies are put together. Promises are the contract for others (`Next`), and cost more than
 * all that a policy does; among themselves the policies pass a call inwards from stage to stage, each with a node of
 * its own in the call's tree, and the outcome outwards from node to node.
 */
import { type Call, CallNode } from './call.ts';
import { failure, type Outcome, success } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { deferred, SETTLED } from './promises.ts';

/**
 * What stands further in, down to the operation: how it ended is told to the node that is handed in, by `settle`,
 * exactly once. It never throws.
 */
export type Stage = (operation: Operation<unknown>, node: CallNode) => void;

/** Tells a node how what is further in ended, and with what it makes of that the nodes around it. */
export function tell(node: CallNode, outcome: Outcome): void {
  let told: Outcome | undefined = outcome;
  for (let at: CallNode | undefined = node; at !== undefined && told !== undefined; at = at.parent) {
    try {
      told = at.settled(told);
    } catch (fault) {
      told = failure(fault);
    }
  }
}

/** The same, when a promise has settled. */
export function follow(promise: Promise<unknown>, node: CallNode): void {
  promise.then(
    (value) => tell(node, success(value)),
    (error) => tell(node, failure(error)),
  );
}

/** The same, a little later: who has just handed in the node need not expect to be told before that returns. */
export function tellLater(node: CallNode, outcome: Outcome): void {
  void SETTLED.then(() => tell(node, outcome));
}

/** Makes one call of a stage; the promise never rejects. */
export function outcomeOf(stage: Stage, operation: Operation<unknown>, node: Landing): Promise<Outcome> {
  stage(operation, node);
  return node.outcome;
}

/** Where a call of a stage ends that was made by somebody who waits for a promise. */
export class Landing extends CallNode {
  readonly outcome: Promise<Outcome>;
  private readonly land: (outcome: Outcome) => void;

  constructor(parent: CallNode, attempt?: number) {
    super(parent, attempt);
    const { promise, resolve } = deferred<Outcome>();
    this.outcome = promise;
    this.land = resolve;
  }

  override settled(outcome: Outcome): undefined {
    this.land(outcome);
  }
}

/** The stage, as the contract has it. */
export function outward(stage: Stage): Next {
  return async <T>(operation: Operation<T>, call: Call): Promise<T> => {
    const outcome = await outcomeOf(stage, operation, new Landing(call as CallNode));
    if (outcome.ok) return outcome.value as T;
    throw outcome.error;
  };
}

/** What the contract calls `next`, as a stage. */
export function inward(next: Next): Stage {
  return (operation, node) => {
    try {
      follow(Promise.resolve(next(operation, node)), node);
    } catch (error) {
      tell(node, failure(error));
    }
  };
}
