import assert from 'node:assert/strict';
import type { BreakerState } from 'holdfast';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, hangs, table } from './behaviour.ts';
import { halfOpen } from './circuit-breaker.ts';

/** Half-open: probes, rate, the results, and the state that they lead to. */
const VERDICTS: readonly (readonly [probes: number, rate: number, letters: string, state: BreakerState])[] = [
  [1, 0.5, 's', 'closed'],
  [1, 0.5, 'f', 'open'],
  [1, 0.5, 'i', 'half-open'],
  [1, 0.5, 'iis', 'closed'],
  [2, 0.5, 's', 'half-open'],
  [2, 0.5, 'f', 'open'],
  [2, 0.5, 'ss', 'closed'],
  [2, 0.5, 'sf', 'open'],
  [2, 1, 's', 'closed'],
  [2, 1, 'f', 'half-open'],
  [2, 1, 'fs', 'closed'],
  [2, 1, 'ff', 'open'],
  [3, 0.5, 'ss', 'closed'],
  [3, 0.5, 'sf', 'half-open'],
  [3, 0.5, 'sfs', 'closed'],
  [3, 0.5, 'sff', 'open'],
  [3, 0.5, 'ff', 'open'],
  [5, 0.2, 'ssss', 'half-open'],
  [5, 0.2, 'sssss', 'closed'],
];

export const halfOpenCircuits: Behaviour[] = [
  ...table(
    'half-open, with',
    VERDICTS,
    ([probes, rate, letters, state]) =>
      `${probes} probes and the rate ${rate}, it is ${state} after '${letters}'`,
    async ([probes, failureRate, letters, state], clock) => {
      const breaker = await halfOpen(clock, { probes, failureRate });
      for (const letter of letters) {
        const permit = breaker.tryAcquire()!;
        if (letter === 'i') permit.ignore();
        else if (letter === 's') permit.success();
        else permit.failure(DOWN);
      }
      assert.equal(breaker.state, state);
    },
  ),
  ...about('half-open', {
    'it refuses more than its probes': async (clock) => {
      const breaker = await halfOpen(clock, { probes: 2 });
      const permits = [1, 2, 3].map(() => breaker.tryAcquire());
      assert.deepEqual(
        permits.map((permit) => permit !== undefined),
        [true, true, false],
      );
    },
    'an aborted probe gives its place back': async (clock) => {
      const breaker = await halfOpen(clock);
      const caller = new AbortController();
      const run = watch(breaker.run(hangs, { signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.deepEqual([run.error, await breaker.run(() => 1), breaker.state], ['left', 1, 'closed']);
    },
    'a probe that hangs loses its place after probeTimeoutMs': async (clock) => {
      const breaker = await halfOpen(clock, { probeTimeoutMs: 500 });
      breaker.tryAcquire();
      await clock.advance(499);
      assert.equal(breaker.tryAcquire(), undefined);
      await clock.advance(1);
      assert.notEqual(breaker.tryAcquire(), undefined);
    },
    'the late result of a probe that lost its place still counts': async (clock) => {
      const breaker = await halfOpen(clock, { probeTimeoutMs: 500 });
      const late = breaker.tryAcquire()!;
      await clock.advance(500);
      breaker.tryAcquire();
      late.success();
      assert.equal(breaker.state, 'closed');
    },
    'a permit counts once': async (clock) => {
      const breaker = await halfOpen(clock, { probes: 2, failureRate: 1 });
      const permit = breaker.tryAcquire()!;
      permit.failure(DOWN);
      permit.failure(DOWN);
      assert.equal(breaker.state, 'half-open');
    },
    'a permit that is disposed of says nothing': async (clock) => {
      const breaker = await halfOpen(clock);
      breaker.tryAcquire()![Symbol.dispose]();
      assert.deepEqual([breaker.state, breaker.tryAcquire() !== undefined], ['half-open', true]);
    },
    'closing empties the window': async (clock) => {
      const breaker = await halfOpen(clock);
      await breaker.run(() => 1);
      assert.deepEqual([breaker.state, breaker.stats.calls], ['closed', 0]);
    },
  }),
];
