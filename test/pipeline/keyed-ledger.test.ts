/** What must be true of the books that are kept of the pipelines, whatever became of them meanwhile. */
import { bulkhead, circuitBreaker, constant, keyed, pipeline, retry, timeout } from 'holdfast';
import { describe, expect, it } from 'vitest';
import { LiveClock } from '../soak/live-clock.ts';
import { flush, Jobs, track } from '../support/jobs.ts';
import { setUp } from '../support/keys.ts';

const keysOf = (subject: { entries(): Iterable<[string, unknown]> }) =>
  [...subject.entries()].map(([key]) => key);

it('a pipeline with calls in flight stays, also if it is asked for meanwhile, and has no policy at all', async () => {
  const subject = keyed((key) => pipeline(key), { max: 1 });
  const jobs = new Jobs();
  const kept = subject.get('a');
  const calls = [subject.run('a', jobs.job('first')), kept.run(jobs.job('second'))];
  subject.get('a');
  subject.get('b');
  jobs.end('first');
  await calls[0];
  subject.get('b');
  expect(keysOf(subject)).toEqual(['a']);
  jobs.end('second');
  await calls[1];
  subject.get('b');
  expect(keysOf(subject)).toEqual(['b']);
});

it('a circuit that closes while its pipeline has calls in flight does not make it free', async () => {
  const clock = new LiveClock();
  const breaker = circuitBreaker({ observeOnly: true });
  const again = retry({ backoff: constant(1_000) });
  const make = (key: string) =>
    key === 'a' ? pipeline({ name: key, clock }, again, breaker) : pipeline(key);
  const subject = keyed(make, { max: 1, clock });
  const kept = subject.get('a');
  // It is found to be held by its circuit; then a call of it sleeps, and is in none of its policies.
  breaker.open();
  subject.get('b');
  const call = subject.run('a', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('down')) : 'up'));
  await flush();
  breaker.close();
  subject.get('b');
  expect(subject.get('a')).toBe(kept);
  await clock.advance(1_000);
  expect(await call).toBe('up');
  subject.get('b');
  expect(keysOf(subject)).toEqual(['b']);
});

describe('overflow counts', () => {
  it('permits as calls, not as circuits, and circuits only as long as they are not closed', async () => {
    const { subject, log, breaker, limit, jobs } = setUp({ max: 3 });
    for (const key of ['a', 'b', 'c']) subject.get(key);
    limit('a').tryAcquire();
    breaker('b').open();
    breaker('c').open();
    log.length = 0;
    subject.get('d');
    breaker('c').close();
    void subject.run('c', jobs.job('c'));
    subject.get('e');
    jobs.end('c');
    await flush();
    breaker('c').open();
    breaker('b').close();
    breaker('b').open();
    subject.get('f');
    expect(log).toEqual([
      'overflow d: 1 in flight, 2 circuits',
      'overflow e: 2 in flight, 1 circuits',
      'overflow f: 1 in flight, 2 circuits',
    ]);
  });
});

it('of two pipelines that are not kept, the end of one is not that of the other', async () => {
  const subject = keyed((key) => pipeline(key), { max: 1 });
  const jobs = new Jobs();
  void subject.run('a', jobs.job('a'));
  const [first, second] = [subject.get('b'), subject.get('b')];
  void first.run(jobs.job('first'));
  const call = second.run(jobs.job('second'));
  jobs.end('second');
  await call;
  expect(first).not.toBe(second);
  expect(subject.get('b')).toBe(first);
});

it('the last that has a policy in common with others is known when they have gone', () => {
  const shared = circuitBreaker();
  const subject = keyed((key) => (key < 'd' ? pipeline(key, shared) : pipeline(key)), { max: 3 });
  for (const key of ['a', 'b', 'c', 'd', 'e']) subject.get(key);
  expect(keysOf(subject)).toEqual(['c', 'd', 'e']);
  shared.open();
  for (const key of ['f', 'g', 'h']) subject.get(key);
  expect(keysOf(subject)).toEqual(['c', 'g', 'h']);
});

describe('the timers that policies keep for their next call', () => {
  const slow = (clock: LiveClock, limit = timeout({ ms: 60_000 })) =>
    keyed(
      (key) =>
        pipeline({ name: key, clock }, limit, bulkhead({ concurrency: 1, queue: 1, reclaimMs: 5_000 })),
      { max: 1, clock },
    );

  it('are taken back from a pipeline that is evicted', async () => {
    const clock = new LiveClock();
    const subject = keyed((key) => pipeline({ name: key, clock }, timeout({ ms: 60_000 })), {
      max: 1,
      clock,
    });
    await subject.run('a', () => 1);
    expect(clock.live).toBe(1);
    subject.get('b');
    expect(clock.live).toBe(0);
  });

  it('are taken back from one that was never kept, at the end of its calls', async () => {
    const clock = new LiveClock();
    const make = (key: string) =>
      key === 'a' ? pipeline(key) : pipeline({ name: key, clock }, timeout({ ms: 60_000 }));
    const subject = keyed(make, { max: 1, clock });
    void subject.run('a', () => new Promise(() => {}));
    await subject.run('b', () => 1);
    expect(clock.live).toBe(0);
  });

  it('stay where a call of another pipeline waits for them', async () => {
    const clock = new LiveClock();
    const subject = slow(clock);
    const call = track(subject.run('a', () => new Promise(() => {})));
    await subject.run('b', () => 1);
    await clock.advance(60_000);
    expect(call.state).toBe('rejected');
  });

  it('are set anew for whoever goes on with an evicted pipeline', async () => {
    const clock = new LiveClock();
    const subject = slow(clock);
    const held = subject.get('a');
    await held.run(() => 1);
    subject.get('b');
    const call = track(held.run(() => new Promise(() => {})));
    await clock.advance(60_000);
    expect(call.state).toBe('rejected');
  });
});

it("a gate of one's own has nothing to lose, and goes with its pipeline", () => {
  const gate = { enter: () => undefined, leave: () => {} };
  const subject = keyed((key) => pipeline(key, gate), { max: 1 });
  subject.get('a');
  subject.get('b');
  expect(keysOf(subject)).toEqual(['b']);
});

it('who listened to the pipeline before it was kept still hears its circuit', () => {
  const states: string[] = [];
  const breaker = circuitBreaker();
  const subject = keyed((key) => pipeline(key, breaker).on('state', ({ to }) => states.push(to)));
  subject.get('a');
  breaker.open();
  expect(states).toEqual(['open']);
});

it('a permit that was given while the circuit only observed counts also when it has closed', () => {
  const breaker = circuitBreaker({ observeOnly: true });
  const subject = keyed((key) => (key === 'a' ? pipeline(key, breaker) : pipeline(key)), { max: 1 });
  subject.get('a');
  breaker.open();
  const permit = breaker.tryAcquire();
  breaker.close();
  subject.get('b');
  expect(keysOf(subject)).toEqual(['a']);
  permit?.ignore();
  subject.get('b');
  expect(keysOf(subject)).toEqual(['b']);
});

it('what is evicted leaves no timer of its queue behind', async () => {
  const clock = new LiveClock();
  const places = bulkhead({ concurrency: 1, queue: 1, reclaimMs: 60_000 });
  const make = (key: string) => (key === 'a' ? pipeline({ name: key, clock }, places) : pipeline(key));
  const subject = keyed(make, { max: 1, clock });
  const jobs = new Jobs();
  const calls = [subject.run('a', jobs.job('first')), subject.run('a', jobs.job('second'))];
  const given = subject.run('a', jobs.job('third'), { timeoutMs: 1 }).catch(() => {});
  await flush();
  jobs.end('first');
  await flush();
  jobs.end('second');
  await Promise.all([...calls, given]);
  expect(clock.live).toBeGreaterThan(0);
  subject.get('b');
  expect(clock.live).toBe(0);
});
