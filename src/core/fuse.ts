/** Neighbouring gates, as one stage. */
import { type Inside, LayerNode } from './layer-node.ts';
import type { Gate } from './policy.ts';
import { type Stage, tell } from './stage.ts';
import { Stay } from './stay.ts';

const PASSES: Inside<undefined> = { settled: (_, outcome) => outcome };

export function fuse(gates: readonly Gate[], inner: Stage): Stage {
  return (operation, call) => {
    const { stopped } = call.scope;
    if (stopped !== undefined) return tell(call, stopped);
    const node = call.stay === undefined ? call : new LayerNode(call, PASSES, undefined);
    node.onGated();
    node.stay = new Stay(node, gates, inner, operation);
    node.stay.enter();
  };
}
