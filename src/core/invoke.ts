/** The innermost of every pipeline: invokes the operation, and counts it in every node of the call's tree around. */
import type { Call, CallNode } from './call.ts';
import { failure, type Outcome, success } from './outcome.ts';
import type { Next, Operation } from './policy.ts';
import { rejectLater } from './promises.ts';

export const invoke: Next = <T>(operation: Operation<T>, call: Call): Promise<T> => {
  const node = call as CallNode;
  const halted = node.scope.halted();
  if (halted !== undefined) return halted;
  node.began();
  node.run.recorder?.began(node);
  let result: Promise<T>;
  try {
    const returned = operation(call);
    if (isPrimitive(returned)) {
      end(node, success(returned));
      return Promise.resolve(returned);
    }
    result = Promise.resolve(returned);
  } catch (error) {
    end(node, failure(error));
    return rejectLater(error);
  }
  return result.then(
    (value) => {
      end(node, success(value));
      return value;
    },
    (error) => {
      end(node, failure(error));
      throw error;
    },
  );
};

const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function');

function end(node: CallNode, outcome: Outcome): void {
  const { run } = node;
  // Whatever an operation throws once its caller has aborted says nothing about the dependency.
  const real = !outcome.ok && run.aborted ? failure(run.abortReason) : outcome;
  run.recorder?.ended(node, real);
  node.ended(real);
}
