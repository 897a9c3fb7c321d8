/** What a policy rejects has not run, and never will. */
import assert from 'node:assert/strict';
import { BulkheadFullError, CircuitOpenError, isRejection } from 'holdfast';
import { property } from './property.ts';
import { Play } from './support/play.ts';
import type { Run } from './support/records.ts';
import { scripts } from './support/script.ts';

/** Whether the run was rejected itself, rather than its operation by somebody else. */
const isRejected = ({ outcome, pipeline }: Run): boolean =>
  isRejection(outcome?.error) && outcome.error.pipeline === pipeline;

function by(error: unknown): string {
  if (error instanceof CircuitOpenError) return 'a rejection by a breaker';
  if (error instanceof BulkheadFullError) return `a rejection by a bulkhead: ${error.reason}`;
  return 'a rejection by a gate of the user';
}

export default property({
  number: 1,
  name: 'A rejected call never invokes the operation; `isRejection` means that nothing ran',
  file: 'rejected-means-not-run',
  script: scripts([
    'bulkhead',
    'bulkhead',
    'bulkhead',
    'breaker',
    'breaker',
    'retry',
    'retry',
    'retry',
    'gate',
    'timeout',
    'fallback',
  ]),
  reaches: [
    'a rejection by a breaker',
    'a rejection by a bulkhead: full',
    'a rejection by a bulkhead: queue-timeout',
    'a rejection by a gate of the user',
    'a rejection of what another run called',
    'a rejection of a later attempt',
  ],
  async holds(script, reached) {
    const play = new Play(script, {
      made: (subject) =>
        void subject.on('call', ({ context, rejections }) => {
          const { invocations } = context as Run;
          if (rejections.length > 0 && invocations.length > 0) reached('a rejection of a later attempt');
        }),
    });
    await play.perform();
    await play.abortAll();
    await play.endAll();
    for (const run of play.runs) {
      const error = run.outcome?.error;
      if (isRejected(run)) {
        assert.equal(run.invocations.length, 0, `${run.label} was rejected, and ran`);
        reached(by(error));
      } else if (isRejection(error)) {
        assert.ok(
          run.invocations.some(({ outcome }) => outcome?.error === error),
          `${run.label} did not run`,
        );
        reached('a rejection of what another run called');
      }
    }
  },
});
