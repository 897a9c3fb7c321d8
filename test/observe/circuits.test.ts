/** What is counted of a circuit: its state, its changes, the time it is open, and its incidents from trip to close. */
import { circuitBreaker, pipeline, type WindowSpan } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../../src/observe/instruments.ts';
import { watch, work } from '../support/spies.ts';
import { collecting } from './support.ts';

const {
  circuitState,
  circuitTransitions,
  circuitFailureRatio,
  circuitSlowRatio,
  circuitWindowCalls,
  circuitOpen,
  incidentDetection,
  incidentRecovery,
  incidentRejections,
} = INSTRUMENTS;

const SERIES = 'pipeline=p policy=circuit-breaker';

function setUp(options: Parameters<typeof circuitBreaker>[0] = {}) {
  const clock = new VirtualClock({ startMs: 7_000 });
  const breaker = circuitBreaker({ openMs: 1_000, ...options });
  const subject = pipeline({ name: 'p', clock }, breaker);
  const collected = collecting();
  collected.watch([subject]);
  return {
    clock,
    breaker,
    subject,
    ...collected,
    succeed: () => subject.run(() => 1).catch(() => {}),
    fail: () => subject.run(() => Promise.reject(new Error('boom'))).catch(() => {}),
    states: () => collected.numbers(circuitState),
    incidents: () =>
      Object.fromEntries(
        Object.entries(collected.values(incidentDetection, incidentRecovery, incidentRejections)).filter(
          ([, values]) => values.length > 0,
        ),
      ),
  };
}

const states = (...of: number[]): Record<string, number> =>
  Object.fromEntries(
    ['closed', 'open', 'half-open', 'isolated'].map((state, i) => [
      `circuit.state ${SERIES} state=${state}`,
      of[i] as number,
    ]),
  );

describe('the state', () => {
  test('is 1 for what the next call would meet, and 0 for the others', async () => {
    const { clock, breaker, states: now } = setUp();
    expect(now()).toEqual(states(1, 0, 0, 0));
    breaker.open();
    expect(now()).toEqual(states(0, 1, 0, 0));
    await clock.advance(1_000);
    expect(now()).toEqual(states(0, 0, 1, 0));
    breaker.isolate('drill');
    expect(now()).toEqual(states(0, 0, 0, 1));
  });

  test('counts each change by from and to; those that a circuit makes by itself are there from the start', async () => {
    const { clock, breaker, numbers, fail, succeed } = setUp({ consecutiveFailures: 1 });
    const counts = (...of: number[]) => ({
      [`circuit.transitions ${SERIES} from=closed to=open`]: of[0],
      [`circuit.transitions ${SERIES} from=open to=half-open`]: of[1],
      [`circuit.transitions ${SERIES} from=half-open to=open`]: of[2],
      [`circuit.transitions ${SERIES} from=half-open to=closed`]: of[3],
    });
    expect(numbers(circuitTransitions)).toEqual(counts(0, 0, 0, 0));
    await fail();
    await clock.advance(1_000);
    await fail();
    await clock.advance(1_000);
    await succeed();
    expect(numbers(circuitTransitions)).toEqual(counts(1, 2, 1, 1));
    breaker.isolate('drill');
    expect(numbers(circuitTransitions)).toMatchObject({
      [`circuit.transitions ${SERIES} from=closed to=isolated`]: 1,
    });
  });

  test('shows what the window holds: shares of its calls, 0 while it is empty', async () => {
    const { clock, numbers, fail, subject } = setUp({ minimumCalls: 100, slowCallMs: 10 });
    const shown = () => numbers(circuitFailureRatio, circuitSlowRatio, circuitWindowCalls);
    const shares = (...of: number[]) => ({
      [`circuit.failure_ratio ${SERIES}`]: of[0],
      [`circuit.slow_ratio ${SERIES}`]: of[1],
      [`circuit.window_calls ${SERIES}`]: of[2],
    });
    expect(shown()).toEqual(shares(0, 0, 0));
    const jobs = [work(), work(), work()];
    for (const { operation } of jobs) watch(subject.run(operation));
    jobs[0]!.resolve(1);
    await clock.advance(11);
    jobs[1]!.resolve(1);
    jobs[2]!.resolve(1);
    await fail();
    expect(shown()).toEqual(shares(1 / 4, 2 / 4, 4));
    await clock.advance(20_000);
    expect(shown()).toEqual(shares(0, 0, 0));
  });
});

describe('the time it is open', () => {
  test('grows while it is, up to the end of the wait, whoever notices that and when', async () => {
    const { clock, breaker, numbers, succeed } = setUp();
    const seconds = () => numbers(circuitOpen)[`circuit.open ${SERIES}`];
    expect(seconds()).toBe(0);
    breaker.open();
    await clock.advance(400);
    expect(seconds()).toBe(0.4);
    await clock.advance(30_000);
    expect([seconds(), seconds()]).toEqual([1, 1]);
    await succeed();
    expect([breaker.state, seconds()]).toEqual(['closed', 1]);
  });

  test('is that of all waits, where one begins anew, and ends with a close by hand or an isolation', async () => {
    const { clock, breaker, numbers } = setUp();
    const seconds = () => numbers(circuitOpen)[`circuit.open ${SERIES}`];
    breaker.open();
    await clock.advance(600);
    breaker.open();
    await clock.advance(600);
    breaker.close();
    await clock.advance(5_000);
    expect(seconds()).toBe(1.2);
    breaker.open();
    await clock.advance(100);
    breaker.isolate('drill');
    await clock.advance(5_000);
    expect(seconds()).toBeCloseTo(1.3, 9);
  });

  test('counts from when it is watched', async () => {
    const { clock, breaker, subject } = setUp();
    breaker.open();
    await clock.advance(300);
    const late = collecting();
    late.watch([subject]);
    await clock.advance(200);
    expect(late.counted(circuitOpen)).toEqual({ [`circuit.open ${SERIES}`]: 0.2 });
    await clock.advance(2_000);
    breaker.tryAcquire();
    expect(late.counted(circuitOpen)).toEqual({ [`circuit.open ${SERIES}`]: 0.7 });
  });
});

describe('an incident', () => {
  /** Ten calls a second, of which each fails from `badFromMs` on; until it trips. */
  async function untilItTrips(window: WindowSpan, badFromMs: number) {
    const set = setUp({ window, minimumCalls: 10 });
    const startMs = set.clock.now();
    while (set.breaker.state === 'closed') {
      await (set.clock.now() - startMs < badFromMs ? set.succeed() : set.fail());
      await set.clock.advance(100);
    }
    return { ...set, trippedMs: set.clock.now() - startMs - 100 };
  }

  test('is detected so long after the last healthy tenth of the window', async () => {
    // Buckets of a second. From 6.2 s on all fail: the sixth is bad by its own rate, and half the window is at 11.1 s.
    const { incidents, trippedMs } = await untilItTrips({ ms: 10_000 }, 6_200);
    expect(trippedMs).toBeGreaterThan(9_000);
    expect(incidents()).toEqual({ [`incident.detection ${SERIES}`]: [(trippedMs - 6_000) / 1_000] });
  });

  test('that began in the middle of a tenth which stayed healthy is dated to its end', async () => {
    const { incidents, trippedMs } = await untilItTrips({ ms: 10_000 }, 6_700);
    expect(incidents()).toEqual({ [`incident.detection ${SERIES}`]: [(trippedMs - 7_000) / 1_000] });
  });

  test('is dated to the first call in the window where no tenth was healthy', async () => {
    const { incidents, trippedMs } = await untilItTrips({ ms: 10_000 }, 0);
    expect(incidents()).toEqual({ [`incident.detection ${SERIES}`]: [trippedMs / 1_000] });
  });

  test('is dated to the last success where the window is by calls', async () => {
    const { incidents, trippedMs } = await untilItTrips({ calls: 10 }, 2_000);
    expect(incidents()).toEqual({ [`incident.detection ${SERIES}`]: [(trippedMs - 1_900) / 1_000] });
  });

  test('lasts until the circuit is closed again, however often the probes fail', async () => {
    const { clock, fail, succeed, incidents } = setUp({ consecutiveFailures: 2 });
    await fail();
    await fail();
    await succeed(); // is rejected
    await clock.advance(1_000);
    await fail();
    await succeed(); // is rejected
    await succeed(); // is rejected
    await clock.advance(1_500);
    await succeed();
    expect(incidents()).toEqual({
      [`incident.detection ${SERIES}`]: [0],
      [`incident.recovery ${SERIES}`]: [2.5],
      [`incident.rejections ${SERIES}`]: [3],
    });
    await fail();
    await fail();
    await clock.advance(1_000);
    await succeed();
    expect(incidents()).toMatchObject({
      [`incident.recovery ${SERIES}`]: [2.5, 1],
      [`incident.rejections ${SERIES}`]: [3, 0],
    });
  });

  test('is not one that somebody made: opened by hand, or isolated', async () => {
    const { clock, breaker, succeed, incidents } = setUp();
    breaker.open();
    await clock.advance(1_000);
    await succeed();
    breaker.isolate('drill');
    breaker.release('drill');
    breaker.isolate('drill');
    breaker.open();
    breaker.release('drill');
    breaker.close();
    expect([breaker.state, incidents()]).toEqual(['closed', {}]);
  });

  test('ends with a close by hand, and with the last reason of an isolation', async () => {
    const { clock, breaker, fail, incidents } = setUp({ consecutiveFailures: 1 });
    await fail();
    await clock.advance(300);
    breaker.close();
    await fail();
    await clock.advance(200);
    breaker.isolate('drill');
    await clock.advance(200);
    breaker.release('drill');
    expect(incidents()).toMatchObject({ [`incident.recovery ${SERIES}`]: [0.3, 0.4] });
  });

  test('of a breaker that only observes has no rejections', async () => {
    const { clock, fail, succeed, incidents } = setUp({ consecutiveFailures: 1, observeOnly: true });
    await fail();
    await fail();
    await clock.advance(1_000);
    await succeed();
    expect(incidents()).toMatchObject({ [`incident.rejections ${SERIES}`]: [0] });
  });
});
