/**
 * Whatever is done to a breaker: only legal edges, exactly one event for each; results of an older generation change
 * nothing; half-open never has more than `probes` calls out.
 */
import fc from 'fast-check';
import { type BreakerState, type BreakerStateEvent, circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { breakerOptions, type Command, commands, Driven } from './commands.ts';
import { heard } from './support.ts';

/** Which edges each command may cause. `open`, `close` and `isolate` first notice that a wait was over. */
const NOTICED = 'open->half-open';
const LEGAL: Record<Command['do'], readonly string[]> = {
  acquire: [NOTICED],
  success: ['closed->open', 'half-open->closed', 'half-open->open'],
  failure: ['closed->open', 'half-open->closed', 'half-open->open'],
  ignore: [],
  advance: [],
  open: [NOTICED, 'closed->open', 'half-open->open'],
  close: [NOTICED, 'open->closed', 'half-open->closed'],
  isolate: [NOTICED, 'closed->isolated', 'open->isolated', 'half-open->isolated'],
  release: ['isolated->closed', 'isolated->open'],
};

interface Out {
  readonly generation: number;
  readonly atMs: number;
}

test('only legal edges, one event each, no say for older generations, no probe too many', async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(breakerOptions, commands(80), async (options, course) => {
      const clock = new VirtualClock();
      const breaker = circuitBreaker({ ...options, clock });
      const driven = new Driven(breaker);
      const [states, stale] = [heard(breaker, 'state'), heard(breaker, 'stale')];
      const { probes = 1, probeTimeoutMs = 30_000 } = options;
      const out: Out[] = []; // beside driven.permits, in the same order
      let told = 'closed' as BreakerState;
      let results = 0; // of the half-open state at hand

      const probesOut = (): number =>
        out.filter((each) => each.generation === states.length && clock.now() - each.atMs < probeTimeoutMs)
          .length;

      const follow = (command: Command, news: readonly BreakerStateEvent[]): void => {
        expect(news.length).toBeLessThanOrEqual(LEGAL[command.do].includes(NOTICED) ? 2 : 1);
        for (const { from, to, atMs } of news) {
          expect(from).toBe(told);
          expect(LEGAL[command.do]).toContain(`${from}->${to}`);
          expect(atMs).toBeLessThanOrEqual(clock.now());
          met.add(`${from}->${to}`);
          told = to;
          results = 0;
        }
        // What was told is so; only that a wait is over may not have been told yet.
        expect(breaker.state === told || (told === 'open' && breaker.state === 'half-open')).toBe(true);
      };

      for (const command of course) {
        const before = states.length;
        const staleBefore = stale.length;
        switch (command.do) {
          case 'advance':
            await clock.advance(command.ms);
            break;
          case 'acquire': {
            const { state } = breaker;
            const free = told === 'half-open' ? results + probesOut() < probes : state === 'half-open';
            expect(driven.apply(command)).toBe(state === 'closed' || free);
            if (out.length < driven.permits.length)
              out.push({ generation: states.length, atMs: clock.now() });
            break;
          }
          case 'success':
          case 'failure':
          case 'ignore': {
            const [ended] = out.splice(command.nth % Math.max(1, out.length), 1);
            const old = ended !== undefined && ended.generation !== states.length;
            const content = breaker.snapshot();
            driven.apply(command);
            const says = command.do !== 'ignore';
            expect(stale.length - staleBefore).toBe(old && says ? 1 : 0);
            if (old || !says) expect(breaker.snapshot()).toEqual(content);
            else if (ended !== undefined && told === 'half-open') results++;
            break;
          }
          default:
            driven.apply(command);
        }
        follow(command, states.slice(before));
        if (told === 'half-open') expect(probesOut()).toBeLessThanOrEqual(probes);
      }
    }),
    { numRuns: 500 },
  );
  // The sequences went everywhere.
  expect([...met].sort()).toEqual([...new Set(Object.values(LEGAL).flat())].sort());
});
