/** A gate learns by fact whether the operation was invoked, and how it really ended. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type Timeout, TimeoutError } from 'holdfast';
import { property } from './property.ts';
import { Play } from './support/play.ts';
import { isAborted, type Leave, type Run } from './support/records.ts';
import { call, scripts } from './support/script.ts';

type Learned = Exclude<Leave['learned'], 'unused'>;

/** Whether it was given up by its caller, or by a timeout that does so; one that waits has that one's error as cause. */
function isGivenUp(run: Run, error: unknown, racing: ReadonlySet<string | undefined>): boolean {
  if (isAborted(run) && error === run.signal?.reason) return true;
  if (!(error instanceof TimeoutError)) return false;
  return racing.has(error.policy) || isGivenUp(run, error.cause, racing);
}

/** Whether the last of the work had ended so, or a timeout that waited for its end says that it was too late. */
function isHowItEnded({ last }: Leave, { ok, value, error }: Learned): boolean {
  if (error instanceof TimeoutError) return last !== undefined;
  return last?.ok === ok && (ok ? last.value === value : last.error === error);
}

export default property({
  number: 15,
  name: 'A gate learns `unused` exactly when the operation was not invoked between its enter and leave',
  file: 'used-or-not',
  script: scripts(
    [
      'gate',
      'gate',
      'gate',
      'retry',
      'retry',
      'retry',
      'breaker',
      'breaker',
      'bulkhead',
      'timeout',
      'fallback',
    ],
    { calls: fc.array(call, { minLength: 3, maxLength: 6 }) },
  ),
  reaches: [
    'unused, though the run gave a value',
    'unused in one attempt and used in another',
    'used, though the run was answered by a fallback',
    'used by a second of several invocations',
    'given up while the work ran',
  ],
  async holds(script, reached) {
    const play = new Play(script, {});
    await play.perform();
    await play.abortAll();
    await play.endAll();
    const racing = new Set<string | undefined>(['deadline']);
    for (const policy of play.policies) if ((policy as Timeout).mode === 'race') racing.add(policy.name);
    for (const { visits } of play.gates) {
      for (const visit of visits) {
        const { run, before, late } = visit;
        const leave = visit.leaves[0]!;
        const { learned, running, after } = leave;
        const used = after > before && !late;
        assert.equal(
          learned === 'unused',
          !used,
          `${after - before} invocations, and it learned ${inspect(learned)}`,
        );
        if (learned === 'unused') {
          if (run.outcome?.ok) reached('unused, though the run gave a value');
          if (run.invocations.length > 0) reached('unused in one attempt and used in another');
          continue;
        }
        if (!isGivenUp(run, learned.error, racing)) {
          assert.ok(isHowItEnded(leave, learned), `nothing ended as ${inspect(learned)}`);
          const { stopReason } = run.invocations[after - 1]!;
          const isLate = !(learned.error instanceof TimeoutError) && isGivenUp(run, stopReason, racing);
          assert.ok(!isLate, `it was given up, and ended as ${inspect(learned)}`);
        }
        if (running) reached('given up while the work ran');
        if (after - before > 1) reached('used by a second of several invocations');
        if (String(run.outcome?.value).startsWith('plan b'))
          reached('used, though the run was answered by a fallback');
      }
    }
  },
});
