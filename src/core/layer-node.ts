/**
 * The node of the call's tree inside a layer. One class for all layers: of nodes there are then three shapes (the run,
 * what is inside a timeout, a layer), which V8 tells apart at each access; were there more than four, it would look each
 * access up, and a call through one policy would cost half as much again.
 */
import { CallNode } from './call.ts';
import type { Judges } from './judge.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { Dependent } from './scope.ts';

/** What a layer makes of how what is further in ended: see `CallNode.settled`. */
export interface Inside<State> {
  settled(node: LayerNode<State>, outcome: Outcome): Outcome | undefined;
}

/** Makes nothing of it. */
export const PASSES: Inside<undefined> = { settled: (_, outcome) => outcome };

export class LayerNode<State = undefined> extends CallNode implements Dependent {
  /** What the layer has to remember of this call. */
  readonly state: State;
  private readonly layer: Inside<State>;

  constructor(parent: CallNode, layer: Inside<State>, state: State, attempt?: number, judges?: Judges) {
    super(parent, attempt, judges);
    this.layer = layer;
    this.state = state;
  }

  override onGated(): void {
    this.scope.add(this);
  }

  override onLeft(): void {
    this.unlink();
  }

  onStop(why: Failure, gaveUp: boolean): void {
    if (gaveUp) this.stay!.giveUp(why);
  }

  override settled(outcome: Outcome): Outcome | undefined {
    return this.layer.settled(this, outcome);
  }
}
