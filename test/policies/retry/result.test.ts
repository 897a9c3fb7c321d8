import { type CallReport, circuitBreaker, constant, type Layer, pipeline, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const [one, two, three] = [new Error('one'), new Error('two'), new Error('three')];

function behindABreaker() {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(10), retries: 5, budget: false, clock });
  const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: 60_000, clock });
  return { clock, policy, breaker, guarded: pipeline('p', policy, breaker) };
}

test("is the last attempt's own error, never a wrapper", async () => {
  const clock = new VirtualClock();
  const error = errorOf(retry({ clock }).run(scripted(one, two, three).operation));
  await clock.runAll();
  expect(await error).toBe(three);
});

test('a frozen error is passed on as it is', async () => {
  const frozen = Object.freeze(new Error('frozen'));
  const clock = new VirtualClock();
  const error = errorOf(retry({ clock }).run(scripted(frozen).operation));
  await clock.runAll();
  expect(await error).toBe(frozen);
});

test('is the error before it where a later attempt was rejected by a gate of this run', async () => {
  const { clock, guarded, breaker } = behindABreaker();
  const { operation, attempts } = scripted(one, two, three);
  const error = errorOf(guarded.run(operation));
  await clock.runAll();
  expect(breaker.state).toBe('open');
  expect(attempts).toEqual([1, 2]);
  expect(await error).toBe(two);
});

test('the rejection of that later attempt stands in the report', async () => {
  const { clock, guarded } = behindABreaker();
  const reports: CallReport[] = [];
  guarded.on('call', (report) => reports.push(report));
  const error = errorOf(guarded.run(scripted(one, two).operation));
  await clock.runAll();
  await error;
  expect(reports).toMatchObject([
    {
      outcome: { ok: false, error: two },
      attempts: [
        { attempt: 1, startMs: 0, outcome: { error: one } },
        { attempt: 2, startMs: 10, outcome: { error: two } },
      ],
      rejections: [{ policy: 'circuit-breaker', error: { code: 'HOLDFAST_CIRCUIT_OPEN' } }],
      waits: [
        { policy: 'retry', startMs: 0, endMs: 10 },
        { policy: 'retry', startMs: 10, endMs: 20 },
      ],
      durationMs: 20,
    },
  ]);
});

test('is the rejection where no attempt was real', async () => {
  const { guarded, breaker } = behindABreaker();
  breaker.open();
  expect(await errorOf(guarded.run(() => 1))).toMatchObject({ code: 'HOLDFAST_CIRCUIT_OPEN' });
});

test('is the last rejection where several attempts were refused, and none was real', async () => {
  const { clock, guarded, breaker } = behindABreaker();
  breaker.open();
  const error = errorOf(guarded.run(() => 1, { judge: () => ({ verdict: 'failure', retry: true }) }));
  await clock.runAll();
  expect(await error).toMatchObject({ code: 'HOLDFAST_CIRCUIT_OPEN', retryAfterMs: 60_000 - 50 });
});

test('is the value of a later attempt that a layer answered without the operation', async () => {
  const clock = new VirtualClock();
  const policy = retry({ clock });
  const cache: Layer = {
    around: (next) => (operation, call) =>
      call.attempt === 1 ? next(operation, call) : Promise.resolve('cached' as never),
  };
  const result = pipeline('p', policy, cache).run(scripted(one).operation);
  await clock.runAll();
  expect(await result).toBe('cached');
});

test('is the value judged a failure where a later attempt was rejected', async () => {
  const { clock, guarded, breaker } = behindABreaker();
  const judge = ({ value }: { value?: unknown }) => (value === 503 ? ('failure' as const) : undefined);
  const result = guarded.run(() => 503, { judge });
  await clock.runAll();
  expect(breaker.state).toBe('open');
  expect(await result).toBe(503);
});

test('is the last outcome where an error came after a value judged a failure', async () => {
  const clock = new VirtualClock();
  const policy = retry({ retries: 1, clock, judge: ({ ok }) => (ok ? 'failure' : undefined) });
  const error = errorOf(policy.run(scripted(503, two).operation));
  await clock.runAll();
  expect(await error).toBe(two);
});

test('the last event is about the attempt that ended the retrying', async () => {
  const { clock, policy, guarded } = behindABreaker();
  const exhausted = heard(policy, 'exhausted');
  const error = errorOf(guarded.run(scripted(one, two).operation));
  await clock.runAll();
  await error;
  expect(exhausted).toMatchObject([
    { reason: 'judge', attempt: 3, outcome: { error: { code: 'HOLDFAST_CIRCUIT_OPEN' } } },
  ]);
});
