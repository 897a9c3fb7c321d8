/** Neighbouring gates, as one stage. */
import { LayerNode, PASSES } from './layer-node.ts';
import type { Gate } from './policy.ts';
import type { Stage } from './stage.ts';
import { Stay } from './stay.ts';

/** Gates that stand around the same node already keep it for themselves: others get one of their own. */
export function fuse(gates: readonly Gate[], inner: Stage): Stage {
  return (operation, call) => {
    const node = call.stay === undefined ? call : new LayerNode(call, PASSES, undefined);
    node.onGated();
    node.stay = new Stay(node, gates, inner, operation);
    node.stay.enter();
  };
}
