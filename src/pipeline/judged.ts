/** The judge of a pipeline that stands within another: it speaks before the outer one's, for its own policies only. */

import { StageLayer } from '../core/adapt.ts';
import type { Judge, Judges } from '../core/judge.ts';
import { LayerNode, PASSES } from '../core/layer-node.ts';
import type { Policy } from '../core/policy.ts';
import type { Stage } from '../core/stage.ts';

/** Changes who judges what stands further in. */
class Judging extends StageLayer {
  readonly #change: (judges: Judges | undefined) => Judges;

  constructor(change: (judges: Judges | undefined) => Judges) {
    super();
    this.#change = change;
  }

  override stageAround(next: Stage): Stage {
    return (operation, call) =>
      next(operation, new LayerNode(call, PASSES, undefined, call.attempt, this.#change(call.judges)));
  }
}

const NOBODY: Judges = { judge: () => undefined, outer: undefined };

/** The policies, with their judge around them; what stands further in is judged as before. */
export const withJudge = (judge: Judge, policies: readonly Policy[]): readonly Policy[] => [
  new Judging((outer) => ({ judge, outer })),
  ...policies,
  new Judging((judges) => judges!.outer ?? NOBODY),
];
