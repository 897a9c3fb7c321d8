/** The clock's timers against a plain list that is sorted anew each time. */
import fc from 'fast-check';
import type { Timer } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';

interface Listed {
  readonly name: number;
  readonly dueAt: number;
  readonly timer: Timer;
  refed: boolean;
}

type Step = readonly [what: 'set' | 'cancel' | 'ref' | 'unref' | 'advance', number: number];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('set' as const), fc.integer({ min: -2, max: 200 })) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('cancel' as const), fc.nat(80)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('ref' as const, 'unref' as const), fc.nat(80)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('advance' as const), fc.nat(20)) },
);

describe('the timers of a virtual clock', () => {
  test('fire, and are counted, as those of a sorted list', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120 }), async (steps) => {
        const clock = new VirtualClock();
        const all: Listed[] = [];
        const gone = new Set<Listed>();
        const fired: number[] = [];
        const expected: number[] = [];
        for (const [what, number] of steps) {
          const one = all[number % (all.length || 1)];
          if (what === 'set') {
            const name = all.length;
            const timer = clock.setTimer(number, () => fired.push(name));
            all.push({ name, dueAt: clock.now() + Math.max(0, number), timer, refed: true });
          } else if (what === 'advance') {
            await clock.advance(number);
            const due = all.filter((each) => !gone.has(each) && each.dueAt <= clock.now());
            due.sort((a, b) => a.dueAt - b.dueAt || a.name - b.name);
            for (const each of due) {
              gone.add(each);
              expected.push(each.name);
            }
          } else if (one !== undefined) {
            one.timer[what]();
            if (what === 'cancel') gone.add(one);
            else one.refed = what === 'ref';
          }
          expect(fired).toEqual(expected);
          expect(clock.pendingTimers).toBe(all.filter((each) => each.refed && !gone.has(each)).length);
        }
      }),
      { numRuns: 300 },
    ));

  test('are fired without a look at all the others', async () => {
    const clock = new VirtualClock();
    for (let i = 0; i < 200_000; i++) clock.setTimer(1e6 + i, () => {});
    let fired = 0;
    for (let i = 0; i < 5_000; i++) clock.setTimer(i % 100, () => fired++);
    await clock.advance(100);
    expect([fired, clock.pendingTimers]).toEqual([5_000, 200_000]);
  });
});
