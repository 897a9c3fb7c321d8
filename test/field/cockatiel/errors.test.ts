import * as cockatiel from 'cockatiel';
import { bulkhead, circuitBreaker, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fail, fakeTime, hang, type Runner, type Time, watch } from '../support.ts';
import { cockatielRunner } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly breaker: Runner;
  readonly bulkhead: Runner;
  readonly timeout: Runner;
}

function ours(): Subject {
  const clock = new VirtualClock();
  return {
    time: clock,
    breaker: circuitBreaker({ consecutiveFailures: 1, clock }),
    bulkhead: bulkhead({ concurrency: 1, clock }),
    timeout: timeout({ ms: 100, clock }),
  };
}

function theirs(): Subject {
  const time = fakeTime();
  const breaker = new cockatiel.ConsecutiveBreaker(1);
  return {
    time,
    breaker: cockatielRunner(
      cockatiel.circuitBreaker(cockatiel.handleAll, { breaker, halfOpenAfter: 5_000 }),
    ),
    bulkhead: cockatielRunner(cockatiel.bulkhead(1)),
    timeout: cockatielRunner(cockatiel.timeout(100, cockatiel.TimeoutStrategy.Aggressive)),
  };
}

describe('cockatiel 11: what a log line can tell of an error by its name and code', () => {
  async function script(subject: Subject) {
    watch(subject.breaker.run(fail));
    await subject.time.advance(0);
    watch(subject.bulkhead.run(hang));
    const runs = {
      open: watch(subject.breaker.run(() => 'fine')),
      full: watch(subject.bulkhead.run(() => 'fine')),
      late: watch(subject.timeout.run(hang)),
    };
    await subject.time.advance(100);
    const described = ({ error }: { error?: unknown }) => {
      const { name, code } = error as { name: string; code?: string };
      return { name, code, json: (JSON.parse(JSON.stringify(error)) as { code?: string }).code };
    };
    return { open: described(runs.open), full: described(runs.full), late: described(runs.late) };
  }

  test('holdfast names each, with a code of its own that JSON keeps', async () => {
    expect(await script(ours())).toEqual({
      open: { name: 'CircuitOpenError', code: 'HOLDFAST_CIRCUIT_OPEN', json: 'HOLDFAST_CIRCUIT_OPEN' },
      full: { name: 'BulkheadFullError', code: 'HOLDFAST_BULKHEAD_FULL', json: 'HOLDFAST_BULKHEAD_FULL' },
      late: { name: 'TimeoutError', code: 'HOLDFAST_TIMEOUT', json: 'HOLDFAST_TIMEOUT' },
    });
  });

  test('cockatiel calls all of them `Error`, without a code', async () => {
    const nameless = { name: 'Error', code: undefined, json: undefined };
    expect(await script(theirs())).toEqual({ open: nameless, full: nameless, late: nameless });
  });
});
