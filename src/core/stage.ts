/**
 * How the library's own policies are put together. Promises are the contract for others (`Next`), and cost more than
 * all that a policy does; among themselves the policies pass a call inwards from stage to stage, each with a node of
 * its own in the call's tree, and the outcome outwards from node to node.
 */
import type { CallNode } from './call.ts';
import { type Inside, LayerNode } from './layer-node.ts';
import { failure, type Outcome, success } from './outcome.ts';
import type { Layer, Next, Operation } from './policy.ts';
import { type Deferred, deferred, SETTLED } from './promises.ts';

/**
 * What stands further in, down to the operation: how it ended is told to the node that is handed in, by `tell`,
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

const OUTCOME: Inside<Deferred<Outcome>> = {
  settled({ state }, outcome): undefined {
    state.resolve(outcome);
  },
};

/** A call of a stage by somebody who waits for a promise, which never rejects; and the node, which counts what happens in it. */
export function outcomeOf(
  stage: Stage,
  operation: Operation<unknown>,
  call: CallNode,
  attempt: number,
): { readonly node: CallNode; readonly outcome: Promise<Outcome> } {
  const state = deferred<Outcome>();
  const node = new LayerNode(call, OUTCOME, state, attempt);
  stage(operation, node);
  return { node, outcome: state.promise };
}

const PROMISE: Inside<Deferred<never>> = {
  settled({ state }, { ok, value, error }): undefined {
    if (ok) state.resolve(value as never);
    else state.reject(error);
  },
};

/** The stage, as the contract has it. */
export function outward(stage: Stage): Next {
  return (operation, call) => {
    const state = deferred<never>();
    stage(operation, new LayerNode(call as CallNode, PROMISE, state));
    return state.promise;
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

/** A layer of the library that is no policy of its own, and needs no promises either. */
export abstract class StageLayer implements Layer {
  abstract stageAround(next: Stage): Stage;

  around(next: Next): Next {
    return outward(this.stageAround(inward(next)));
  }
}
