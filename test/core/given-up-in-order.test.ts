import { type Layer, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { spyGate, watch, work } from '../support/spies.ts';

/** Parts the gates on either side of it, each of which then hangs by itself on what may be stopped. */
const wall: Layer = { around: (next) => next };

it.each(['a timeout', 'the deadline of the run', 'the caller'])(
  'gates that stand apart learn from the inside out that %s gave up, and that the work is over',
  async (whose) => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    const log: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => spyGate({ name, log }));
    const limit = timeout({ ms: whose === 'a timeout' ? 100 : Infinity });
    const line = pipeline({ name: 'line', clock }, limit, a!, wall, b!, wall, c!);
    const timeoutMs = whose === 'the deadline of the run' ? 100 : Infinity;
    const job = work();
    watch(line.run(job.operation, { signal: caller.signal, timeoutMs }));
    if (whose === 'the caller') clock.setTimer(100, () => caller.abort('left'));
    await clock.advance(100);
    expect(log).toEqual(['a enter', 'b enter', 'c enter', 'c leave', 'b leave', 'a leave']);
    job.resolve('late');
    await clock.advance(0);
    expect(log.slice(6)).toEqual(['c release', 'b release', 'a release']);
  },
);
