/** Whoever is admitted leaves once, and gives back once what it held. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CircuitBreaker } from 'holdfast';
import { property } from './property.ts';
import { Play } from './support/play.ts';
import { onlooker, type SpyGate } from './support/policies.ts';
import { isRunning, type Visit, workOf } from './support/records.ts';
import { type CallSpec, call, type SpecOf, scripts } from './support/script.ts';
import type { Stage } from './support/stage.ts';

/** Some calls come late enough to meet a breaker that is half-open. */
const anyTime: fc.Arbitrary<CallSpec> = fc
  .tuple(call, fc.constantFrom(0, 0, 5, 9))
  .map(([spec, laterMs]) => ({ ...spec, atMs: spec.atMs + laterMs }));

/** While it is half-open, it refuses only on account of a probe whose lease runs. */
function watchLease(
  breaker: CircuitBreaker,
  { leaseMs }: SpecOf<'breaker'>,
  behind: SpyGate,
  stage: Stage,
): void {
  let first = 0;
  breaker.on('state', () => {
    first = behind.visits.length;
  });
  breaker.on('reject', ({ state }) => {
    const holds = ({ leaves, enteredMs }: Visit): boolean =>
      leaves.length === 0 && stage.now - enteredMs < leaseMs;
    if (state === 'half-open')
      stage.claim(() => assert.ok(behind.visits.slice(first).some(holds), 'nobody held a place'));
  });
}

export default property({
  number: 4,
  name: 'Every admitted call leaves exactly once and releases exactly once, in that order, whatever happens; a probe that never settles cannot block half-open beyond its lease',
  file: 'once-in-once-out',
  script: scripts(
    ['breaker', 'breaker', 'breaker', 'gate', 'gate', 'bulkhead', 'retry', 'timeout', 'fallback', 'twice'],
    { calls: fc.array(anyTime, { minLength: 1, maxLength: 6 }) },
  ),
  reaches: [
    'it left while the work still ran',
    'it left as the work ended',
    'it left unused',
    'it was given up while it waited',
    'the gate threw',
    'it was made twice at once',
    'a probe lost its place',
  ],
  async holds(script, reached) {
    const behind: SpyGate[] = [];
    const isTwice = script.policies.some(({ kind }) => kind === 'twice');
    const play = new Play(script, {
      dress(policy, spec, stage) {
        if (spec.kind !== 'breaker' && spec.kind !== 'bulkhead') return [policy];
        const gate = onlooker(`${policy.name}`, stage);
        behind.push(gate);
        if (spec.kind === 'breaker') watchLease(policy as CircuitBreaker, spec, gate, stage);
        return [policy, gate];
      },
      rest: () => {
        for (const gate of [...behind, ...play.gates]) {
          for (const visit of gate.visits) {
            const { run, leaves, releases, late } = visit;
            const isOver =
              leaves.length > 0 && !(late || isTwice ? releases === 0 : workOf(visit).some(isRunning));
            assert.equal(releases, isOver ? 1 : 0, 'it releases when the work is over, and not before');
            // Who makes a call twice does not wait for the second.
            if (run.outcome !== undefined && !isTwice)
              assert.equal(leaves.length, 1, 'it leaves when the run has settled');
          }
        }
      },
    });
    await play.perform();
    for (const breaker of play.breakers) {
      if (breaker.state !== 'half-open') continue;
      const permit = breaker.tryAcquire();
      assert.notEqual(permit, undefined, 'no lease outlasts the play');
      permit?.ignore();
      const { visits } = behind.find(({ name }) => name === `behind ${breaker.name}`)!;
      if (visits.some(({ leaves }) => leaves.length === 0)) reached('a probe lost its place');
    }
    await play.abortAll();
    await play.endAll();
    for (const gate of [...behind, ...play.gates]) {
      for (const { leaves, releases, late } of gate.visits) {
        assert.deepEqual([leaves.length, releases], [1, 1]);
        const { learned, running, releases: releasedBefore } = leaves[0]!;
        assert.equal(releasedBefore, 0, 'it leaves before it releases');
        if (late) assert.deepEqual([learned, running], ['unused', false]);
        if (late) reached('it was given up while it waited');
        else if (learned === 'unused') reached('it left unused');
        else reached(running ? 'it left while the work still ran' : 'it left as the work ended');
        if (gate.does === 'throw in leave') reached('the gate threw');
        if (isTwice) reached('it was made twice at once');
      }
    }
  },
});
