/** The innermost of every pipeline: invokes the operation, and counts it in every node of the call's tree around. */
import type { Call, CallNode } from './call.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { observed, rejectLater } from './promises.ts';

export const invoke: Next = <T>(operation: Operation<T>, call: Call): Promise<T> => {
  const node = call as CallNode;
  const halted = node.scope.halted();
  if (halted !== undefined) return halted;
  node.began();
  let result: Promise<T>;
  try {
    result = Promise.resolve(operation(call));
  } catch (error) {
    result = rejectLater(error);
  }
  return observed(result, node, end);
};

function end(node: CallNode, outcome: Outcome): void {
  const { run } = node;
  // Whatever an operation throws once its caller has aborted says nothing about the dependency.
  node.ended(!outcome.ok && run.aborted ? failure(run.abortReason) : outcome);
}
