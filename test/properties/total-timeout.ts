/** Time that is over is over, whatever the work does, on timers as coarse as those of a runtime. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Timeout, TimeoutError } from 'holdfast';
import { property } from './property.ts';
import { between, type Pass } from './support/passes.ts';
import { Play } from './support/play.ts';
import { type CallSpec, call, scripts } from './support/script.ts';

/** Real timers count whole milliseconds. */
const TICK_MS = 1;

type Settled = Pick<Pass, 'outcome' | 'settledMs'>;

const isTimeout = ({ outcome }: Settled, name: string): boolean =>
  outcome?.error instanceof TimeoutError && outcome.error.policy === name;

/** Whether it had settled when the tick after its end was over, and was not given up before the end. */
const settlesBy = (endMs: number, settled: Settled, name: string): boolean => {
  const { settledMs = Infinity } = settled;
  return (
    (endMs === Infinity || settledMs <= endMs + TICK_MS) && !(isTimeout(settled, name) && settledMs < endMs)
  );
};

/** Calls that begin, and end, between the ticks. */
const anyTime: fc.Arbitrary<CallSpec> = fc
  .tuple(call, fc.constantFrom(0, 0.25, 0.5, 0.9))
  .map(([spec, fraction]) => ({
    ...spec,
    atMs: spec.atMs + fraction,
    timeoutMs: spec.timeoutMs && spec.timeoutMs + fraction,
  }));

export default property({
  number: 12,
  name: 'A total timeout settles by its time plus one tick; no attempt starts at or after it',
  file: 'total-timeout',
  script: scripts(
    ['timeout', 'timeout', 'retry', 'retry', 'bulkhead', 'breaker', 'gate', 'fallback', 'twice'],
    {
      calls: fc.array(anyTime, { minLength: 1, maxLength: 5 }),
    },
  ),
  reaches: [
    'a timeout',
    'a deadline of a run',
    'its time was over between two ticks',
    'a cooperative timeout',
  ],
  async holds(script, reached) {
    const watched: { pass: Pass; policy: Timeout }[] = [];
    const play = new Play(
      script,
      {
        dress(policy, spec, stage) {
          if (spec.kind !== 'timeout') return [policy];
          const { ms } = spec;
          const invoked = ({ startMs }: Pass): void =>
            assert.ok(stage.now < startMs + ms, 'an attempt starts when the time is over');
          return between(policy, stage, {
            passedOn: (pass) => watched.push({ pass, policy: policy as Timeout }),
            invoked: (pass) => stage.claim(() => invoked(pass)),
          });
        },
        began({ run, startMs }) {
          const endMs = run.startMs + (run.spec.timeoutMs ?? Infinity);
          assert.ok(startMs < endMs, 'an attempt starts when the time is over');
        },
      },
      'racing, with timers as coarse as real ones',
    );
    await play.perform();
    for (const run of play.runs) {
      const endMs = run.startMs + (run.spec.timeoutMs ?? Infinity);
      assert.ok(settlesBy(endMs, run, 'deadline'), `a deadline at ${endMs}, settled at ${run.settledMs}`);
      if (isTimeout(run, 'deadline')) reached('a deadline of a run');
    }
    for (const { pass, policy } of watched) {
      const endMs = pass.startMs + policy.ms;
      const { settledMs = Infinity } = pass;
      if (policy.mode === 'cooperate') {
        if (settledMs > endMs) reached('a cooperative timeout');
        continue;
      }
      assert.ok(settlesBy(endMs, pass, policy.name), `a timeout at ${endMs}, settled at ${settledMs}`);
      if (isTimeout(pass, policy.name)) reached('a timeout');
      if (settledMs > endMs) reached('its time was over between two ticks');
    }
  },
});
