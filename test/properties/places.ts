/** A bulkhead holds what it is said to hold, counted as work that really runs. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Bulkhead } from 'holdfast';
import { property } from './property.ts';
import { Play } from './support/play.ts';
import { onlooker, type SpyGate } from './support/policies.ts';
import { type Invocation, isRunning, type Visit, workOf } from './support/records.ts';
import { call, resizing, scripts } from './support/script.ts';

/** A bulkhead, whom it has admitted, and its limit of places: now, and the highest since time last passed. */
interface Watched {
  readonly bulkhead: Bulkhead;
  readonly behind: SpyGate;
  limit: number;
  highest: number;
  /** As they were when time last passed. */
  admitted: number;
  queued: number;
}

const holds = ({ releases }: Visit): boolean => releases === 0;
const works = (visit: Visit): boolean => workOf(visit).some(isRunning);

export default property({
  number: 8,
  name: '0 <= inFlight <= concurrency, counted as operations really running, in every order of policies; queue <= bound; acquired = released + inFlight, also while resizing',
  file: 'places',
  script: scripts(
    ['bulkhead', 'bulkhead', 'bulkhead', 'retry', 'timeout', 'timeout', 'breaker', 'gate', 'fallback'],
    {
      calls: fc.array(call, { minLength: 3, maxLength: 6 }),
      moves: fc.array(resizing, { minLength: 1, maxLength: 3 }),
    },
  ),
  reaches: [
    'all places taken',
    'work that was given up holds a place',
    'a call waits',
    'a waiter is handed a place',
    'more work than the limit, which was lowered',
    'it grows while calls wait',
  ],
  async holds(script, reached) {
    const watched: Watched[] = [];
    const look = ({ run }: Invocation): void => {
      for (const { bulkhead, behind, limit, highest } of watched) {
        const { visits } = behind;
        if (!visits.some((visit) => visit.run === run && visit.leaves.length === 0)) continue;
        const working = visits.filter(works);
        assert.ok(working.length <= highest, `${working.length} work in ${highest} places`);
        assert.ok(working.length <= bulkhead.inFlight, 'what works holds a place');
        if (working.length === limit) reached('all places taken');
        if (working.some(({ leaves }) => leaves.length > 0)) reached('work that was given up holds a place');
      }
    };
    const play = new Play(script, {
      dress(policy, spec, stage) {
        if (spec.kind !== 'bulkhead') return [policy];
        const bulkhead = policy as Bulkhead;
        const { concurrency: limit } = spec;
        const behind = onlooker(bulkhead.name, stage);
        watched.push({ bulkhead, behind, limit, highest: limit, admitted: 0, queued: 0 });
        bulkhead.on('queue', ({ queued, queue }) => {
          reached('a call waits');
          stage.claim(() => assert.ok(queued <= queue, `${queued} wait where ${queue} may`));
        });
        return [policy, behind];
      },
      began: look,
      moved({ to }) {
        if (typeof to !== 'object') return;
        for (const each of watched) {
          if (each.queued > 0 && to.concurrency > each.limit) reached('it grows while calls wait');
          each.limit = to.concurrency;
          each.highest = Math.max(each.highest, to.concurrency);
        }
      },
      rest() {
        for (const each of watched) {
          const { bulkhead, behind, limit } = each;
          const holding = behind.visits.filter(holds);
          assert.equal(bulkhead.inFlight, holding.length, 'acquired = released + inFlight');
          assert.equal(bulkhead.abandoned, holding.filter(({ leaves }) => leaves.length > 0).length);
          assert.ok(holding.length <= each.highest, 'no place too many');
          const { length: admitted } = behind.visits;
          if (each.queued > 0 && admitted > each.admitted) reached('a waiter is handed a place');
          if (holding.filter(works).length > limit) reached('more work than the limit, which was lowered');
          Object.assign(each, {
            highest: Math.max(limit, holding.length),
            admitted,
            queued: bulkhead.queued,
          });
        }
      },
    });
    await play.perform();
    await play.abortAll();
    await play.endAll();
    for (const { bulkhead } of watched) assert.deepEqual([bulkhead.inFlight, bulkhead.queued], [0, 0]);
  },
});
