/** What passes through a policy, seen by a layer of the user's own on either side of it. */
import type { Call, Layer, Operation, Outcome, Policy } from 'holdfast';
import type { Run } from './records.ts';
import type { Stage } from './stage.ts';

/** A call on its way further in: into the policy, or out of it on the other side. */
export interface Pass {
  readonly run: Run;
  readonly startMs: number;
  /** How and when it settled; undefined while it has not. */
  outcome: Outcome | undefined;
  settledMs: number | undefined;
  /** What the policy passed on, one after the other. */
  readonly further: Pass[];
}

/** What is looked at as it happens. */
export interface Looks {
  /** The policy passes on what it was given. */
  passedOn?(pass: Pass, further: Pass): void;
  /** An operation is invoked inside the policy. */
  invoked?(pass: Pass): void;
}

export function between(policy: Policy, stage: Stage, looks: Looks): readonly Policy[] {
  const passes = new WeakMap<object, Pass>();
  const layer = (name: string, pass: (run: Run, operation: Operation<unknown>) => Pass): Layer => ({
    name: `${name} ${policy.name}`,
    around:
      (next) =>
      <T>(operation: Operation<T>, call: Call) => {
        const made = pass(call.context as Run, operation);
        const seen: Operation<T> = (inner) => {
          if (name === 'before') looks.invoked?.(made);
          return operation(inner);
        };
        passes.set(seen, made);
        const settled = (outcome: Outcome): void => {
          Object.assign(made, { outcome, settledMs: stage.now });
        };
        const result = next(seen, call);
        // First of all who wait for it.
        result.then(
          (value) => settled({ ok: true, value }),
          (error) => settled({ ok: false, error }),
        );
        return result;
      },
  });
  const begin = (run: Run): Pass => ({
    run,
    startMs: stage.now,
    outcome: undefined,
    settledMs: undefined,
    further: [],
  });
  const before = layer('before', begin);
  const behind = layer('behind', (run, operation) => {
    const pass = passes.get(operation) as Pass;
    const further = begin(run);
    looks.passedOn?.(pass, further);
    pass.further.push(further);
    return further;
  });
  return [before, policy, behind];
}
