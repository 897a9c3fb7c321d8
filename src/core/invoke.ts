/** The innermost of every pipeline: invokes the operation, and counts it in every node of the call's tree around. */
import { CallNode } from './call.ts';
import { failure, type Outcome, success } from './outcome.ts';
import { SETTLED } from './promises.ts';
import { type Stage, tell, tellLater } from './stage.ts';

export const invoke: Stage = (operation, call) => {
  const halted = call.scope.halted();
  // Later, since who interrupted it for this reason has to stop what is in it first.
  if (halted !== undefined) return tellLater(call, halted);
  // A layer may run several at a time on one call: in a report each has an end of its own.
  const { recorder } = call.run;
  const node = recorder === undefined ? call : new CallNode(call);
  node.began();
  try {
    const returned = recorder?.invoke === undefined ? operation(node) : recorder.invoke(operation, node);
    promised(returned).then(
      (value) => ended(node, success(value)),
      (error) => ended(node, failure(error)),
    );
  } catch (error) {
    void SETTLED.then(() => ended(node, failure(error)));
  }
};

/** A native promise as it is; what has a `then` of its own is asked, once, as the language does it. */
function promised<T>(returned: PromiseLike<T> | T): Promise<T> {
  const own = returned instanceof Promise && returned.then !== Promise.prototype.then;
  return own ? new Promise((resolve) => resolve(returned)) : Promise.resolve(returned);
}

function ended(node: CallNode, outcome: Outcome): void {
  const { run } = node;
  // Whatever an operation throws once its caller has aborted says nothing about the dependency.
  node.ended(!outcome.ok && run.aborted ? failure(run.abortReason) : outcome);
  tell(node, outcome);
}
