/** A run settles once, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { property } from './property.ts';
import { Play } from './support/play.ts';
import { isRunning, type Run } from './support/records.ts';
import { scripts } from './support/script.ts';

/** Work that never ends may keep a run waiting for ever; nothing else may. */
const mayWait = ({ invocations }: Run): boolean => invocations.some(isRunning);

export default property({
  number: 13,
  name: 'Each run settles exactly once; no unhandled rejection; afterwards no timer, listener or waiter of it is alive',
  file: 'nothing-left',
  script: scripts(['timeout', 'retry', 'bulkhead', 'breaker', 'gate', 'fallback']),
  reaches: [
    'a run ends of its own',
    'a run is aborted',
    'several runs on one signal',
    'all is over, and work still runs',
    'a run waits for work that never ends',
  ],
  async holds(script, reached) {
    const reports = new Map<unknown, number>();
    const bare = (): void => {
      const { unsettled, stage, signals, bulkheads } = play;
      for (const { signal, standing } of signals) {
        const users = unsettled.filter((run) => run.signal === signal).length;
        assert.ok(standing <= Math.min(1, users), `${standing} listeners for ${users} runs`);
        if (users > 1) reached('several runs on one signal');
      }
      if (unsettled.length > 0) return;
      assert.equal(stage.clock.pendingTimers, 0, 'no timer is left');
      for (const { name, queued } of bulkheads) assert.equal(queued, 0, `nobody waits in ${name}`);
    };
    const play = new Play(script, {
      made: (subject) =>
        void subject.on('call', ({ context }) => reports.set(context, (reports.get(context) ?? 0) + 1)),
      settled: (run) => assert.equal(reports.get(run), 1, 'one report for each run'),
      rest: bare,
    });
    await play.perform();
    for (const run of play.unsettled) {
      assert.ok(mayWait(run), `${run.label} hangs, though no work of it runs`);
      reached('a run waits for work that never ends');
    }
    for (const { signal, outcome } of play.runs) {
      if (signal?.aborted && outcome?.error === signal.reason) reached('a run is aborted');
      else if (outcome !== undefined) reached('a run ends of its own');
    }
    await play.abortAll();
    for (const { signal } of play.unsettled)
      assert.equal(signal, undefined, 'an abort settles a run at once');
    bare();
    if (play.unsettled.length === 0 && play.runs.some(mayWait)) reached('all is over, and work still runs');
    await play.endAll();
    assert.equal(play.unsettled.length, 0, 'all runs settle');
    bare();
    for (const run of play.runs) assert.equal(reports.get(run), 1, 'one report for each run');
  },
});
