/** A pipeline, compiled once: its policies folded from the inside out into one function. */

import { inward, outward, StageLayer } from './adapt.ts';
import { BuiltIn } from './built-in.ts';
import { CallNode } from './call.ts';
import { fuse } from './fuse.ts';
import { invoke } from './invoke.ts';
import { allowed } from './options.ts';
import { type Gate, isGate, type Layer, type Policy } from './policy.ts';
import { rejectLater } from './promises.ts';
import { resuming, type Stage } from './stage.ts';

/** A policy that is made of others, which are compiled in its place. */
export interface Composite {
  /** Outermost first. */
  readonly parts: readonly Policy[];
}

const isComposite = (policy: Policy): policy is Policy & Composite => 'parts' in policy;

/** The policies with each composite replaced by its parts, outermost first. */
export const flatten = (policies: readonly Policy[]): Policy[] =>
  policies.flatMap((policy) => (isComposite(policy) ? flatten(policy.parts) : [policy]));

const isOurs = (policy: Policy): policy is Policy & { stageAround(next: Stage): Stage } =>
  policy instanceof BuiltIn || policy instanceof StageLayer;

/** Folds policies, outermost first, into one function around what stands innermost. Neighbouring gates share a frame. */
export function compile(policies: readonly Policy[], innermost: Stage = invoke): Stage {
  let next = innermost;
  let gates: Gate[] = [];
  const closeGates = (): void => {
    if (gates.length > 0) next = fuse(gates, gates.every(isOurs) ? next : resuming(next));
    gates = [];
  };
  for (const policy of flatten(policies).reverse()) {
    if (isGate(policy)) {
      gates.unshift(policy);
    } else {
      closeGates();
      next = isOurs(policy) ? policy.stageAround(next) : held(policy, next);
    }
  }
  closeGates();
  return next;
}

/** Holds a user's layer to the contract: it passes on the call, and what it throws becomes a rejection. */
function held(layer: Layer, inner: Stage): Stage {
  const next = outward(inner);
  return inward(
    layer.around((operation, call) => {
      if (call instanceof CallNode) return next(operation, call);
      const what = 'the call that the layer was given';
      return rejectLater(allowed(layer.name ?? 'layer', 'call', call, what));
    }),
  );
}
