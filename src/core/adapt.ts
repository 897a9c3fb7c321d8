/** Stages for who waits for promises, and promises for stages: the contract of `policy.ts` on either side of the library's own. */
import type { CallNode } from './call.ts';
import { type Inside, LayerNode } from './layer-node.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Layer, Next, Operation } from './policy.ts';
import { type Deferred, deferred } from './promises.ts';
import { follow, resume, type Stage, tell } from './stage.ts';

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
  resume(stage, operation, node);
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
    resume(stage, operation, new LayerNode(call as CallNode, PROMISE, state));
    return state.promise;
  };
}

/** What the contract calls `next`, as a stage. */
export function inward(next: Next): Stage {
  return (operation, node) => {
    node.run.detour();
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
