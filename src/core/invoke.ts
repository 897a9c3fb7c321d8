/** The innermost of every pipeline: invokes the operation, and counts it in every node of the call's tree around. */
import { type Call, CallNode } from './call.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { observed, rejectLater } from './promises.ts';

export const invoke: Next = <T>(operation: Operation<T>, call: Call): Promise<T> => {
  let node = call as CallNode;
  const halted = node.scope.halted();
  if (halted !== undefined) return halted;
  // A layer may run several at a time on one call: in a report each has an end of its own.
  const { recorder } = node.run;
  if (recorder !== undefined) node = new CallNode(node);
  node.began();
  let result: Promise<T>;
  try {
    result = promised(recorder?.invoke === undefined ? operation(node) : recorder.invoke(operation, node));
  } catch (error) {
    result = rejectLater(error);
  }
  return observed(result, node, end);
};

/** A native promise as it is; what has a `then` of its own is asked, once, as the language does it. */
function promised<T>(returned: PromiseLike<T> | T): Promise<T> {
  const own = returned instanceof Promise && returned.then !== Promise.prototype.then;
  return own ? new Promise((resolve) => resolve(returned)) : Promise.resolve(returned);
}

function end(node: CallNode, outcome: Outcome): void {
  const { run } = node;
  // Whatever an operation throws once its caller has aborted says nothing about the dependency.
  node.ended(!outcome.ok && run.aborted ? failure(run.abortReason) : outcome);
}
