import { circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Breaker, ending, fakeTime, ignoringErrors, type Runner, type Time } from '../support.ts';
import { opossum, opossumBreaker } from './subjects.ts';

afterEach(() => vi.useRealTimers());

describe('opossum 6: a listener that hears of a success throws', () => {
  const throwing = () => {
    throw new Error('a slip in the metrics code');
  };

  async function script(runner: Runner, breaker: Breaker) {
    const run = await ending(runner.run(() => 'fine'));
    return { run: run.status, state: breaker.state };
  }

  test('holdfast leaves the call a success, and the circuit closed', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, clock: new VirtualClock() });
    const payments = pipeline('payments', breaker);
    const reported = vi.fn();
    payments.on('call', throwing);
    payments.on('listener-error', reported);
    expect(await script(payments, breaker)).toEqual({ run: 'resolved', state: 'closed' });
    expect(reported).toHaveBeenCalledOnce();
  });

  test('opossum rejects the call, and opens the circuit', async () => {
    fakeTime();
    const policy = opossum({ timeout: false });
    policy.on('success', throwing);
    const breaker = opossumBreaker(policy);
    expect(await script(breaker, breaker)).toEqual({ run: 'rejected', state: 'open' });
  });
});

describe('opossum 6: a call ends in an error that the breaker is told to leave out', () => {
  class NotFound extends Error {}
  const OPEN_MS = 1_000;

  interface Subject {
    readonly time: Time;
    readonly runner: Runner;
    readonly breaker: Breaker;
    heard(): readonly string[];
    counted(): number;
  }

  function ours(): Subject {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({
      consecutiveFailures: 2,
      openMs: OPEN_MS,
      judge: ({ error }) => (error instanceof NotFound ? 'ignore' : undefined),
      clock,
    });
    const runner = pipeline('users', breaker);
    const heard: string[] = [];
    runner.on('call', ({ outcome }) => heard.push(outcome.ok ? 'success' : 'failure'));
    return { time: clock, runner, breaker, heard: () => heard, counted: () => breaker.stats.calls };
  }

  function theirs(): Subject {
    const time = fakeTime();
    const policy = opossum({
      timeout: false,
      resetTimeout: OPEN_MS,
      volumeThreshold: 2,
      errorFilter: (error) => error instanceof NotFound,
    });
    const breaker = opossumBreaker(policy);
    const heard: string[] = [];
    policy.on('success', () => heard.push('success'));
    policy.on('failure', () => heard.push('failure'));
    const counted = () => policy.stats.successes + policy.stats.failures;
    return { time, runner: breaker, breaker, heard: () => heard, counted };
  }

  const notFound = () => Promise.reject(new NotFound('404'));

  async function script({ runner, heard, counted }: Subject) {
    const run = await ending(runner.run(notFound));
    return { run: run.status, heard: heard(), counted: counted() };
  }

  test('holdfast reports the failure that the caller gets, and does not count it', async () => {
    expect(await script(ours())).toEqual({ run: 'rejected', heard: ['failure'], counted: 0 });
  });

  test('opossum emits and counts a success, and rejects', async () => {
    expect(await script(theirs())).toEqual({ run: 'rejected', heard: ['success'], counted: 1 });
  });

  async function onTheProbe({ runner, time, breaker }: Subject) {
    for (let call = 0; call < 2; call++)
      await ignoringErrors(runner.run(() => Promise.reject(new Error('503'))));
    await time.advance(OPEN_MS);
    const probe = await ending(runner.run(notFound));
    return { probe: probe.status, state: breaker.state };
  }

  test('holdfast learns nothing from it on a probe, and stays half-open', async () => {
    expect(await onTheProbe(ours())).toEqual({ probe: 'rejected', state: 'half-open' });
  });

  test('opossum closes the circuit on it', async () => {
    expect(await onTheProbe(theirs())).toEqual({ probe: 'rejected', state: 'closed' });
  });
});
