/**
 * How the library's own policies are put together. Promises are the contract for others (`Next`), and cost more than
 * all that a policy does; among themselves the policies pass a call inwards from stage to stage, and the
 * outcome outwards from node to node of the call's tree.
 */
import type { CallNode } from './call.ts';
import { failure, type Outcome, success } from './outcome.ts';
import type { Operation } from './policy.ts';
import { SETTLED } from './promises.ts';

/**
 * What stands further in, down to the operation: how it ended is told to the node that is handed in, by `tell`,
 * exactly once. It never throws.
 */
export type Stage = (operation: Operation<unknown>, node: CallNode) => void;

/** Passes on what may have waited on its way inwards, or come past code of the user's. */
export function resume(stage: Stage, operation: Operation<unknown>, node: CallNode): void {
  const halted = node.scope.halted();
  // Later, since who interrupted it for this reason has to stop what is in it first.
  if (halted === undefined) stage(operation, node);
  else tellLater(node, halted);
}

/** A stage to which a call comes as that. */
export const resuming =
  (stage: Stage): Stage =>
  (operation, node) =>
    resume(stage, operation, node);

/** Tells a node how what is further in ended, and with what it makes of that the nodes around it. */
export function tell(node: CallNode, outcome: Outcome): void {
  let told: Outcome | undefined = outcome;
  for (let at: CallNode | undefined = node; at !== undefined && told !== undefined; at = at.parent) {
    try {
      at.stay?.leave(told);
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
