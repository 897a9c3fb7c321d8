/** The innermost of every pipeline: invokes the operation, and counts it in every node of the call's tree around. */
import type { CallNode } from './call.ts';
import { failure, type Outcome, success } from './outcome.ts';
import { SETTLED } from './promises.ts';
import { resume, type Stage, tell } from './stage.ts';

export const invoke: Stage = (operation, call) => {
  const { run } = call;
  // Whoever listens to a policy further out may have made the caller abort in this very moment.
  if (run.aborted) return resume(invoke, operation, call);
  const { recorder } = run;
  call.began();
  try {
    const returned = recorder?.invoke === undefined ? operation(call) : recorder.invoke(operation, call);
    const promise = promised(returned).then(
      (value) => ended(call, success(value)),
      (error) => ended(call, failure(error)),
    );
    run.bring(call, promise);
  } catch (error) {
    void SETTLED.then(() => void ended(call, failure(error)));
  }
};

/** A native promise as it is; what has a `then` of its own is asked, once, as the language does it. */
function promised<T>(returned: PromiseLike<T> | T): Promise<T> {
  const own = returned instanceof Promise && returned.then !== Promise.prototype.then;
  return own ? new Promise((resolve) => resolve(returned)) : Promise.resolve(returned);
}

function ended(node: CallNode, outcome: Outcome): unknown {
  const { run } = node;
  // Whatever an operation throws once its caller has aborted says nothing about the dependency.
  node.ended(!outcome.ok && run.aborted ? failure(run.abortReason) : outcome);
  tell(node, outcome);
  return run.deliver(node);
}
