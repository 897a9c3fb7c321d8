import * as cockatiel from 'cockatiel';
import { timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fakeTime, hang, type Runner, type Time, watch } from '../support.ts';
import { cockatielRunner } from './subjects.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Subject {
  readonly time: Time;
  readonly runner: Runner;
  timeouts(): number;
}

function ours(): Subject {
  const clock = new VirtualClock();
  const policy = timeout({ ms: 1_000, clock });
  let timeouts = 0;
  policy.on('timeout', () => timeouts++);
  return { time: clock, runner: policy, timeouts: () => timeouts };
}

function theirs(): Subject {
  const time = fakeTime();
  const policy = cockatiel.timeout(1_000, cockatiel.TimeoutStrategy.Aggressive);
  let timeouts = 0;
  policy.onTimeout(() => timeouts++);
  return { time, runner: cockatielRunner(policy), timeouts: () => timeouts };
}

describe("cockatiel 9: the caller's abort comes before the timeout", () => {
  const reason = new Error('the user has left');

  async function script({ runner, time, timeouts }: Subject) {
    const caller = new AbortController();
    const run = watch(runner.run(hang, { signal: caller.signal }));
    await time.advance(10);
    caller.abort(reason);
    await time.advance(0);
    const claim = run.error instanceof Error ? run.error.message : run.status;
    return { claim, timeouts: timeouts() };
  }

  test("holdfast rejects with the caller's reason and speaks of no timeout", async () => {
    expect(await script(ours())).toEqual({ claim: reason.message, timeouts: 0 });
  });

  test('cockatiel fires onTimeout, and claims that 1,000 ms have passed', async () => {
    expect(await script(theirs())).toEqual({ claim: 'Operation timed out after 1000ms', timeouts: 1 });
  });
});

describe('cockatiel 9: a call succeeds in time', () => {
  async function script({ runner, time, timeouts }: Subject) {
    let given: AbortSignal | undefined;
    const operation = ({ signal }: { readonly signal: AbortSignal }) => {
      given = signal;
      return 'fine';
    };
    const run = watch(runner.run(operation));
    await time.advance(0);
    return { run: run.status, aborted: given?.aborted, timeouts: timeouts() };
  }

  test('holdfast never aborts its signal', async () => {
    expect(await script(ours())).toEqual({ run: 'resolved', aborted: false, timeouts: 0 });
  });

  test('cockatiel aborts it', async () => {
    expect(await script(theirs())).toEqual({ run: 'resolved', aborted: true, timeouts: 0 });
  });
});

describe('cockatiel 9: an operation never asks for its signal', () => {
  function countingControllers() {
    let made = 0;
    vi.stubGlobal(
      'AbortController',
      class extends AbortController {
        constructor() {
          super();
          made++;
        }
      },
    );
    return () => made;
  }

  async function script({ runner, time }: Subject) {
    const controllers = countingControllers();
    for (let call = 0; call < 100; call++) void runner.run(() => 'fine');
    await time.advance(0);
    return { controllers: controllers() };
  }

  test('holdfast makes no AbortController', async () => {
    expect(await script(ours())).toEqual({ controllers: 0 });
  });

  test('cockatiel makes one for each call', async () => {
    expect(await script(theirs())).toEqual({ controllers: 100 });
  });
});
