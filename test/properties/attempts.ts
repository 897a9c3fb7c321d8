/** A retry makes its attempts one after the other, no more than it may, and none for a call that is over. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRejection, type Retry, type Timeout } from 'holdfast';
import { property } from './property.ts';
import { between, type Pass } from './support/passes.ts';
import { Play } from './support/play.ts';
import { isAborted } from './support/records.ts';
import { type CallSpec, call, type SpecOf, scripts } from './support/script.ts';

/** Every other call is aborted while something waits. */
const aborted: fc.Arbitrary<CallSpec> = fc
  .tuple(call, fc.constantFrom(2, 1))
  .map(([spec, abortMs]) => ({ ...spec, signal: 'own', abortMs }));

function checkAttempt({ retries, delay }: SpecOf<'retry'>, pass: Pass, attempt: Pass): void {
  const { further } = pass;
  assert.ok(further.length <= retries, `attempt ${further.length + 1} where ${retries} retries are allowed`);
  const previous = further.at(-1);
  if (previous === undefined) return;
  assert.notEqual(previous.settledMs, undefined, 'it begins before the one before has settled');
  assert.equal(pass.settledMs, undefined, 'it begins for a call that has settled');
  assert.equal(typeof delay, 'number', 'it begins without a delay');
  assert.ok(attempt.startMs >= previous.settledMs! + Number(delay), 'it begins before its time');
}

export default property({
  number: 10,
  name: 'Attempts <= 1 + retries; none begins before the one before it settled; none after abort or deadline',
  file: 'attempts',
  script: scripts(['retry', 'retry', 'retry', 'timeout', 'breaker', 'bulkhead', 'gate', 'gate', 'fallback'], {
    calls: fc.array(fc.oneof(call, aborted), { minLength: 1, maxLength: 6 }),
  }),
  reaches: [
    'an attempt after another',
    'an attempt after a rejection of what the operation called',
    'all retries are used',
    'an abort or a deadline while it sleeps',
    'a deadline that forbids a sleep',
    'a backoff that gives no delay',
  ],
  async holds(script, reached) {
    let sleeps = 0;
    const play = new Play(script, {
      dress(policy, spec, stage) {
        if (spec.kind === 'timeout') {
          const invoked = ({ startMs }: Pass): void =>
            assert.ok(stage.now < startMs + (policy as Timeout).ms, 'an attempt begins after a deadline');
          return between(policy, stage, { invoked: (pass) => stage.claim(() => invoked(pass)) });
        }
        if (spec.kind !== 'retry') return [policy];
        (policy as Retry).on('retry', ({ delayMs }) => {
          if (delayMs > 0) sleeps++;
        });
        (policy as Retry).on('exhausted', ({ reason }) => {
          if (reason === 'retries' && spec.retries > 0) reached('all retries are used');
          if (reason === 'deadline') reached('a deadline that forbids a sleep');
          if (reason === 'backoff') reached('a backoff that gives no delay');
        });
        return between(policy, stage, {
          passedOn(pass, attempt) {
            if (pass.further.length > 0) {
              reached('an attempt after another');
              const error = pass.further.at(-1)?.outcome?.error;
              const unjudged = script.judge === undefined && pass.run.spec.judge === undefined;
              if (unjudged && isRejection(error) && error.pipeline === 'elsewhere')
                reached('an attempt after a rejection of what the operation called');
              if (spec.delay !== 0) sleeps--;
            }
            stage.claim(() => checkAttempt(spec, pass, attempt));
          },
        });
      },
      began({ run, startMs }) {
        assert.ok(!isAborted(run), 'an attempt begins after the abort');
        assert.ok(
          startMs < run.startMs + (run.spec.timeoutMs ?? Infinity),
          'an attempt begins after the deadline',
        );
      },
    });
    await play.perform();
    if (sleeps > 0) reached('an abort or a deadline while it sleeps');
    await play.abortAll();
    await play.endAll();
  },
});
