/** Neighbouring gates, as one stage. */
import type { GateGroup } from './call-node.ts';
import { type Inside, LayerNode } from './layer-node.ts';
import type { Gate } from './policy.ts';
import { type Stage, tell } from './stage.ts';

const PASSES: Inside<undefined> = { settled: (_, outcome) => outcome };

export function fuse(gates: readonly Gate[], inner: Stage): Stage {
  const group: GateGroup = { gates, inner };
  return (operation, call) => {
    const { stopped } = call.scope;
    if (stopped !== undefined) return tell(call, stopped);
    const node = call.gated ? new LayerNode(call, PASSES, undefined) : call;
    node.enterGates(group, operation);
  };
}
