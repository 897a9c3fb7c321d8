/** A caller's abort ends the run with the caller's own reason, and says nothing about the dependency. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import {
  type CircuitBreaker,
  type Gate,
  type Operation,
  type Outcome,
  type Pipeline,
  type Policy,
  type Retry,
  type RunOptions,
  TimeoutError,
} from 'holdfast';
import { property } from './property.ts';
import { listen, onlooking } from './support/looking-on.ts';
import { Play } from './support/play.ts';
import { isAborted, isRunning, type Run } from './support/records.ts';
import { type PolicySpec, scripts } from './support/script.ts';
import type { Stage } from './support/stage.ts';

/** What is known of a run at the moment of its caller's abort. */
interface Abort {
  readonly atMs: number;
  /** How all that stands inside had settled by then, if it had: too late to be aborted. */
  readonly decided: Outcome | undefined;
}

const isReason = ({ signal }: Run, outcome: Outcome | 'unused'): boolean =>
  outcome !== 'unused' && !outcome.ok && signal?.aborted === true && outcome.error === signal.reason;

/** Whether its work had ended so before the caller aborted, or a timeout had given up on it. */
const wasBefore = ({ invocations }: Run, error: unknown): boolean =>
  error instanceof TimeoutError ||
  invocations.some(
    ({ outcome, afterAbort }) => !afterAbort && outcome?.ok === false && outcome.error === error,
  );

/** The breaker between two gates, the inner of which learns right before it, the outer right behind it. */
function flanked(breaker: CircuitBreaker, stage: Stage, reached: (what: string) => void): readonly Policy[] {
  const facts = (): string => JSON.stringify([breaker.state, breaker.retryAfterMs, breaker.stats]);
  let before: string | undefined;
  const behind: Gate<undefined> = {
    enter: () => undefined,
    leave: () => {
      before = facts();
    },
  };
  const front: Gate<Run> = {
    enter: ({ context }) => context as Run,
    leave: (run, learned) =>
      stage.claim(() => {
        const [was, is] = [before, facts()];
        before = undefined;
        if (was === undefined || learned === 'unused') return;
        if (isReason(run, learned)) {
          assert.equal(is, was, `the abort of ${run.label} counts`);
          reached(`an abort behind a breaker that is ${breaker.state}`);
        } else if (isAborted(run) && !learned.ok) {
          assert.ok(wasBefore(run, learned.error), 'an error after the abort counts');
          reached('an error that came before the abort, and counts');
        }
      }),
  };
  return [front, breaker, behind];
}

/** The run in whose context the code at hand executes. */
const current = new AsyncLocalStorage<Run>();

/** On the caller's abort his own listener, which hears of it before the library does, closes what the work stands on. */
function closedByTheCaller(
  subject: Pipeline<unknown>,
  operation: Operation<unknown>,
  options: RunOptions,
): Promise<unknown> {
  const run = options.context as Run;
  const { spec } = run;
  let close = (): void => {};
  options.signal?.addEventListener('abort', () => close());
  const closable: Operation<unknown> = (call) => {
    const result = operation(call);
    if (!spec.steps[0]!.heeds || !(result instanceof Promise)) return result;
    return new Promise((resolve, reject) => {
      close = () => reject(new Error('closed'));
      result.then(resolve, reject);
    });
  };
  return current.run(run, () => subject.run(closable, options));
}

export default property({
  number: 14,
  name: "An abort's reason arrives by identity; the caller's abort counts as neither success nor failure",
  file: 'aborts',
  script: scripts(['breaker', 'breaker', 'retry', 'retry', 'bulkhead', 'timeout', 'fallback', 'gate'], {
    nested: fc.integer({ min: 1, max: 3 }),
  }),
  reaches: [
    'aborted before it starts',
    'aborted while work runs',
    'aborted while no work runs',
    'aborted when all was decided',
    'an abort behind a breaker that is closed',
    'an abort behind a breaker that is half-open',
    'an error that came before the abort, and counts',
    'a success that counts',
  ],
  async holds(script, reached) {
    const aborts = new Map<Run, Abort>();
    const entered = new Set<Run>();
    const isReasonOfAny = (error: unknown): boolean =>
      play.signals.some(({ signal }) => signal.aborted && signal.reason === error);
    const { policies, nested } = script;
    const ends = [0, Math.max(1, policies.length - nested), policies.length - 1];

    /** The outermost of the run, wherever the run enters. */
    const outermost = (stage: Stage): Policy => {
      const decided = new Map<Run, Outcome>();
      const first = new Set<Run>();
      return onlooking({
        begins(run) {
          if (entered.has(run)) return;
          entered.add(run);
          first.add(run);
          run.signal?.addEventListener('abort', () => {
            aborts.set(run, { atMs: stage.now, decided: decided.get(run) });
            reached(
              run.invocations.some(isRunning) ? 'aborted while work runs' : 'aborted while no work runs',
            );
          });
        },
        ends(run, outcome) {
          if (first.delete(run)) decided.set(run, outcome);
        },
      });
    };

    const flank = (policy: Policy, { kind }: PolicySpec, stage: Stage): readonly Policy[] => {
      if (kind === 'breaker') return flanked(policy as CircuitBreaker, stage, reached);
      for (const type of ['retry', 'exhausted', 'fallback'] as const)
        listen(policy, type, (event) => {
          const { error, outcome } = event as { error?: unknown; outcome?: Outcome };
          stage.claim(() => assert.ok(!isReasonOfAny(error ?? outcome?.error), `${type} tells of an abort`));
        });
      // What has settled last further in, for each run: what the policy now speaks of, in the context of that run.
      const last = new Map<Run, Outcome>();
      const spokenOf = (): [Run, Outcome] => {
        const run = current.getStore()!;
        return [run, last.get(run)!];
      };
      if (kind === 'retry') {
        const budget = (policy as Retry).budget!;
        const { deposit } = budget;
        budget.deposit = () => {
          deposit();
          stage.claim(() => assert.ok(!isReason(...spokenOf()), 'an abort pays into the budget'));
          reached('a success that counts');
        };
      }
      listen(policy, 'fallback', () =>
        stage.claim(() => assert.ok(!isAborted(spokenOf()[0]), 'a fallback answers whoever has aborted')),
      );
      const ends = (run: Run, outcome: Outcome): void => void last.set(run, outcome);
      return [policy, onlooking({ ends })];
    };

    const play = new Play(script, {
      dress: (policy, spec, stage) => [
        ...(ends.includes(policies.indexOf(spec)) ? [outermost(stage)] : []),
        ...flank(policy, spec, stage),
      ],
      run: closedByTheCaller,
    });
    await play.perform();
    await play.abortAll();

    for (const run of play.runs) {
      const { label, signal, outcome, startMs, settledMs, spec } = run;
      if (!signal?.aborted) continue;
      if (!entered.has(run)) {
        assert.equal(outcome?.error, signal.reason, `${label} was aborted before its start`);
        assert.equal(run.invocations.length, 0);
        reached('aborted before it starts');
        continue;
      }
      const abort = aborts.get(run);
      if (abort === undefined || (settledMs ?? Infinity) < abort.atMs) continue;
      const { atMs, decided } = abort;
      const isLate = outcome?.error instanceof TimeoutError && outcome.error.policy === 'deadline';
      if (isLate && atMs === startMs + (spec.timeoutMs ?? Infinity)) continue;
      assert.equal(settledMs, atMs, `${label} settles as it is aborted`);
      if (decided === undefined) assert.ok(isReason(run, outcome!), `${label} ends with ${outcome?.error}`);
      else assert.deepEqual(outcome, decided);
      if (decided !== undefined) reached('aborted when all was decided');
    }
    await play.endAll();
  },
});
