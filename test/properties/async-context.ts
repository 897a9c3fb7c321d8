/**
 * One run's timer, abort or freed place wakes another; yet all that a run calls of its user's code finds itself in the
 * async context of that run. Each run goes through a pipeline of its own, made of policies that all runs share: what
 * is heard on it can only be about that run.
 */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Backoff, fallback, type Gate, type Judge, type Operation, pipeline, retry } from 'holdfast';
import { property } from './property.ts';
import { listen } from './support/looking-on.ts';
import { Play } from './support/play.ts';
import { answer, backoffOf, judgeOf } from './support/policies.ts';
import type { Run, Visit } from './support/records.ts';
import { type Delay, scripts } from './support/script.ts';

const storage = new AsyncLocalStorage<Run>();

/** Whose code is called, and by which run. */
type See = (code: string, by: unknown) => void;

/** What a pipeline tells of its runs. A state is none: it is the breaker's, and may be changed by hand. */
const EVENTS = [
  'call',
  'retry',
  'exhausted',
  'timeout',
  'queue',
  'reject',
  'abandon',
  'stale',
  'fallback',
] as const;

const seen =
  (judge: Judge | undefined, see: See): Judge =>
  (outcome, call) => {
    see('a judge', call.context);
    return judge?.(outcome, call);
  };

const gateSeen = (gate: Gate<Visit>, see: See): Gate<Visit> => ({
  ...gate,
  enter(call) {
    see('a gate that is entered', call.context);
    return gate.enter(call);
  },
  leave(visit, ...told) {
    see('a gate that is left', visit.run);
    gate.leave(visit, ...told);
  },
  release(visit) {
    see('a gate that is released', visit.run);
    gate.release?.(visit);
  },
});

export default property({
  number: 19,
  name: 'User code of a run executes in the async context of that run',
  file: 'async-context',
  script: scripts(['retry', 'retry', 'breaker', 'bulkhead', 'bulkhead', 'timeout', 'fallback', 'gate']),
  reaches: [
    'the operation',
    'an abort listener',
    'a judge',
    'a backoff',
    'a fallback',
    'a gate that is entered',
    'a gate that is left',
    'a gate that is released',
    ...EVENTS.map((type) => `a listener of ${type}`),
  ],
  async holds(script, reached) {
    const see: See = (code, by) => {
      const store = storage.getStore();
      const of = (run: unknown): string => (run === undefined ? 'nobody' : (run as Run).label);
      play.stage.claim(() => assert.ok(store === by, `${code} of ${of(by)} in the context of ${of(store)}`));
      reached(code);
    };
    // A backoff is not told whose it is; the next that is heard of the retry is, in the same breath.
    let asked: Run | 'nobody' | undefined;
    const backoff =
      (delay: Delay): Backoff =>
      (...args) => {
        asked = storage.getStore() ?? 'nobody';
        return backoffOf(delay)(...args);
      };
    const hear = (type: (typeof EVENTS)[number], run: Run): void => {
      see(`a listener of ${type}`, run);
      if (asked === undefined || !/retry|exhausted/.test(type)) return;
      const by = asked;
      asked = undefined;
      play.stage.claim(() => assert.ok(by === run, `a backoff of ${run.label} in another context`));
      reached('a backoff');
    };

    const play: Play = new Play(script, {
      dress(policy, spec, stage) {
        const { name = '' } = policy;
        const { clock } = stage;
        switch (spec.kind) {
          case 'retry':
            return [retry({ name, clock, retries: spec.retries, backoff: backoff(spec.delay) })];
          case 'fallback':
            return [
              fallback(
                (error, call) => {
                  see('a fallback', call.context);
                  return answer(spec, name, error, call, stage);
                },
                { name },
              ),
            ];
          case 'gate':
            return [gateSeen(policy as Gate<Visit>, see)];
          default:
            return [policy];
        }
      },
      run(subject, operation, options) {
        const run = options.context as Run;
        const { name, clock } = subject;
        const judge = script.judge && judgeOf(script.judge);
        const own = pipeline(
          { name, clock, random: play.stage.clock.random, judge: seen(judge, see) },
          ...subject.policies,
        );
        for (const type of EVENTS) listen(own, type, () => hear(type, run));
        const seenOperation: Operation<unknown> = (call) => {
          see('the operation', run);
          call.signal.addEventListener('abort', () => see('an abort listener', run));
          return operation(call);
        };
        return storage.run(run, () =>
          own.run(seenOperation, { ...options, judge: seen(options.judge, see) }),
        );
      },
    });
    await play.perform();
    await play.abortAll();
    await play.endAll();
  },
});
