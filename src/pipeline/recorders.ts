/** Several recorders of one run, as one. */
import type { CallNode } from '../core/call.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import type { Recorder } from '../core/run.ts';
import type { Scope } from '../core/scope.ts';

export class Recorders implements Recorder {
  readonly #all: readonly Recorder[];

  constructor(all: readonly Recorder[]) {
    this.#all = all;
  }

  began(call: CallNode): void {
    for (const each of this.#all) each.began(call);
  }

  ended(call: CallNode, outcome: Outcome): void {
    for (const each of this.#all) each.ended(call, outcome);
  }

  gaveUp(scope: Scope, outcome: Outcome): void {
    for (const each of this.#all) each.gaveUp(scope, outcome);
  }

  waited(policy: Policy, startMs: number): void {
    for (const each of this.#all) each.waited(policy, startMs);
  }

  refused(policy: Policy, error: unknown): void {
    for (const each of this.#all) each.refused(policy, error);
  }

  timedOut(policy: Policy | undefined, error: unknown): void {
    for (const each of this.#all) each.timedOut(policy, error);
  }

  recovered(): void {
    for (const each of this.#all) each.recovered();
  }

  settled(outcome: Outcome): void {
    for (const each of this.#all) each.settled(outcome);
  }
}
