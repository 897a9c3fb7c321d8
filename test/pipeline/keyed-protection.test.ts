import { bulkhead, circuitBreaker, keyed, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it } from 'vitest';
import { flush, Jobs, track } from '../support/jobs.ts';
import { setUp } from '../support/keys.ts';

type Keys = ReturnType<typeof setUp>;

/** Has the pipeline of the key `a` hold something, and returns what lets go of it. */
type Hold = (keys: Keys) => () => unknown;

const holds: Record<string, Hold> = {
  'a call through run': ({ subject, jobs }) => {
    void subject.run('a', jobs.job());
    return () => jobs.end('job');
  },
  'a call of whoever got the pipeline': ({ subject, jobs }) => {
    void subject.get('a').run(jobs.job());
    return () => jobs.end('job');
  },
  'a call of a wrapped function': ({ subject, jobs }) => {
    void subject.get('a').wrap(jobs.job())();
    return () => jobs.end('job');
  },
  'a call through another pipeline in which it stands': ({ subject, jobs, clock }) => {
    void pipeline({ name: 'around', clock }, timeout({ ms: 900 }), subject.get('a')).run(jobs.job());
    return () => jobs.end('job');
  },
  'a retry that sleeps': ({ subject, clock }) => {
    void subject.run('a', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('down')) : 'up'));
    return () => clock.advance(1_000);
  },
  'a permit of its bulkhead': ({ limit }) => {
    const permit = limit('a').tryAcquire();
    return () => permit?.release();
  },
  'a wait for a permit of its bulkhead': ({ limit }) => {
    limit('a').resize({ concurrency: 1 });
    const first = limit('a').tryAcquire();
    const caller = new AbortController();
    void limit('a')
      .acquire({ signal: caller.signal })
      .catch(() => {});
    limit('a').resize({ concurrency: 0 });
    first?.release();
    return () => caller.abort();
  },
  'a place of work that was given up': ({ subject, jobs, clock }) => {
    void subject.run('a', jobs.job(), { timeoutMs: 10 }).catch(() => {});
    void clock.advance(10);
    return () => jobs.end('job');
  },
  'a permit of its breaker': ({ breaker }) => {
    const permit = breaker('a').tryAcquire();
    return () => permit?.success();
  },
  'a call through its breaker alone': ({ breaker, jobs }) => {
    void breaker('a').run(jobs.job());
    return () => jobs.end('job');
  },
  'an open circuit': ({ breaker }) => {
    breaker('a').open();
    return () => breaker('a').close();
  },
  'a half-open circuit': ({ subject, breaker, clock }) => {
    breaker('a').open();
    void clock.advance(100);
    return () => subject.run('a', () => 'up');
  },
  'an isolated circuit': ({ breaker }) => {
    breaker('a').isolate('by hand');
    return () => breaker('a').release('by hand');
  },
};

describe.each(Object.entries(holds))('%s', (_, hold) => {
  it('keeps the pipeline from being evicted for another, until it is over', async () => {
    const keys = setUp({ max: 1 });
    const kept = keys.subject.get('a');
    const letGo = hold(keys);
    await flush();
    keys.subject.get('b');
    expect(keys.keys()).toEqual(['a']);
    expect(keys.subject.get('a')).toBe(kept);
    await letGo();
    await flush();
    keys.subject.get('b');
    expect(keys.keys()).toEqual(['b']);
  });

  it('keeps it from being evicted when its time is over, until it is over itself', async () => {
    const keys = setUp({ idleMs: 1 });
    keys.subject.get('a');
    const letGo = hold(keys);
    await keys.clock.advance(200);
    expect(keys.subject.size).toBe(1);
    await letGo();
    await keys.clock.advance(1);
    expect(keys.subject.size).toBe(0);
  });
});

it('a circuit that only observes keeps its pipeline too', () => {
  const breaker = circuitBreaker({ observeOnly: true });
  const subject = keyed((key) => (key === 'a' ? pipeline(key, breaker) : pipeline(key)), { max: 1 });
  const kept = subject.get('a');
  breaker.open();
  subject.get('b');
  expect(subject.get('a')).toBe(kept);
  breaker.close();
  subject.get('b');
  expect(subject.get('a')).not.toBe(kept);
});

it('a circuit that was restored open keeps its pipeline', () => {
  const clock = new VirtualClock();
  const tripped = circuitBreaker({ clock });
  tripped.open();
  const subject = keyed((key) => pipeline(key, circuitBreaker({ clock, restore: tripped.snapshot() })), {
    max: 1,
    clock,
  });
  const kept = subject.get('a');
  subject.get('b');
  expect(subject.get('a')).toBe(kept);
});

it('a call that was given up keeps its pipeline no longer, if no place is held', async () => {
  const clock = new VirtualClock();
  const subject = keyed((key) => pipeline({ name: key, clock }, timeout({ ms: 10 }), circuitBreaker()), {
    max: 1,
    clock,
  });
  const kept = subject.get('a');
  const calls = [
    track(subject.run('a', () => new Promise(() => {}))),
    track(subject.run('a', () => new Promise(() => {}), { timeoutMs: 5 })),
  ];
  await clock.advance(10);
  expect(calls.map(({ state }) => state)).toEqual(['rejected', 'rejected']);
  subject.get('b');
  expect(subject.get('a')).not.toBe(kept);
});

it('a pipeline goes in its turn once it is free again', async () => {
  const { subject, breaker, keys } = setUp({ max: 4 });
  for (const key of ['a', 'b', 'c', 'd']) subject.get(key);
  for (const key of ['a', 'b', 'c']) breaker(key).open();
  subject.get('e');
  expect(keys()).toEqual(['a', 'b', 'c', 'e']);
  for (const key of ['c', 'a', 'b']) breaker(key).close();
  const gone: string[] = [];
  subject.on('evict', ({ key }) => gone.push(key));
  for (const key of ['f', 'g', 'h', 'i']) subject.get(key);
  expect(gone).toEqual(['a', 'b', 'c', 'e']);
});

it('a listener that asks for another pipeline while a circuit opens cannot lose it', () => {
  const { subject, breaker } = setUp({ max: 1 });
  const kept = subject.get('a');
  breaker('a').on('state', () => subject.get('b'));
  const permit = breaker('a').tryAcquire();
  breaker('a').on('stale', () => subject.get('b'));
  breaker('a').open();
  permit?.failure(new Error('down'));
  expect(subject.get('a')).toBe(kept);
});

describe('where none may go, a newcomer', () => {
  it('gets a pipeline that is not kept, and overflow says why', async () => {
    const { subject, log, breaker, jobs, keys } = setUp({ max: 2 });
    void subject.run('a', jobs.job('a'));
    subject.get('b');
    breaker('b').open();
    log.length = 0;
    const made = subject.get('c');
    expect(log).toEqual(['overflow c: 1 in flight, 1 circuits']);
    expect(await made.run(() => 'done')).toBe('done');
    expect(subject.get('c')).not.toBe(made);
    expect([keys(), subject.size]).toEqual([['a', 'b'], 2]);
  });

  it('shares it with others of its key while calls are in flight, and with no longer', async () => {
    const { subject, log, jobs } = setUp({ max: 1 });
    void subject.run('a', jobs.job('a'));
    const first = subject.run('b', jobs.job('b'));
    const shared = subject.get('b');
    void subject.run('b', jobs.job('b2'));
    expect(subject.get('b')).toBe(shared);
    jobs.end('b');
    await first;
    await flush();
    expect(subject.get('b')).toBe(shared);
    jobs.end('b2');
    await flush();
    expect(subject.get('b')).not.toBe(shared);
    expect(log).toEqual([
      'create a',
      'overflow b: 1 in flight, 0 circuits',
      'overflow b: 1 in flight, 0 circuits',
    ]);
  });

  it('is kept when it is asked for again after one could go', async () => {
    const { subject, log, jobs } = setUp({ max: 1 });
    const call = subject.run('a', jobs.job('a'));
    void subject.run('b', jobs.job('b'));
    const shared = subject.get('b');
    jobs.end('a');
    await call;
    expect(subject.get('b')).toBe(shared);
    jobs.end('b');
    await flush();
    expect(subject.get('b')).toBe(shared);
    expect(log).toEqual(['create a', 'overflow b: 1 in flight, 0 circuits', 'evict a: max', 'create b']);
  });

  it('also shares the evicted one that its key had, if somebody still calls through that', async () => {
    const { subject, jobs } = setUp({ max: 1 });
    const held = subject.get('a');
    subject.get('b');
    void held.run(jobs.job('a'));
    expect(subject.get('a')).toBe(held);
  });

  it('has no say in that where its key has a pipeline already', async () => {
    const { subject, jobs } = setUp({ max: 1 });
    const old = subject.get('a');
    subject.get('b');
    const kept = subject.get('a');
    void old.run(jobs.job('old'));
    expect(subject.get('a')).toBe(kept);
    subject.get('b');
    expect(subject.get('a')).not.toBe(old);
    jobs.end('old');
    await flush();
  });
});

describe('a policy that many share', () => {
  const many = (max: number) => {
    const jobs = new Jobs();
    const limit = bulkhead({ concurrency: 100 });
    const breaker = circuitBreaker();
    const subject = keyed((key) => pipeline(key, breaker, limit), { max });
    return { jobs, limit, breaker, subject, keys: () => [...subject.entries()].map(([key]) => key) };
  };

  it('keeps none of them, whatever it holds, since it is not lost with any', () => {
    const { limit, breaker, subject, keys } = many(2);
    for (const key of ['a', 'b']) subject.get(key);
    limit.tryAcquire();
    breaker.tryAcquire();
    breaker.open();
    for (const key of ['c', 'd', 'e']) subject.get(key);
    expect(keys()).toEqual(['d', 'e']);
  });

  it('with work in it does not even keep the last: whose work it is cannot be told', () => {
    const { limit, subject, keys } = many(1);
    subject.get('a');
    limit.tryAcquire();
    subject.get('b');
    expect(keys()).toEqual(['b']);
  });

  it('with a circuit that is not closed keeps the last', () => {
    const { breaker, subject, keys } = many(1);
    subject.get('a');
    breaker.open();
    for (const key of ['b', 'c']) subject.get(key);
    expect(keys()).toEqual(['a']);
    breaker.close();
    subject.get('d');
    expect(keys()).toEqual(['d']);
  });

  it('keeps its pipeline no longer when another that has it is kept', () => {
    const shared = circuitBreaker();
    const made = (key: string) => (key < 'c' ? pipeline(key, shared) : pipeline(key));
    const subject = keyed(made, { max: 2 });
    subject.get('a');
    shared.open();
    for (const key of ['c', 'd']) subject.get(key);
    subject.get('b');
    subject.get('e');
    expect([...subject.entries()].map(([key]) => key)).toEqual(['b', 'e']);
  });

  it('with work in it keeps its pipeline no longer once one that is not kept at all has it too', () => {
    const limit = bulkhead();
    const subject = keyed((key) => (key === 'a' ? pipeline(key, limit) : pipeline(key)), { max: 1 });
    const kept = subject.get('a');
    limit.tryAcquire();
    subject.get('b');
    expect(subject.get('a')).toBe(kept);
    subject.get('b');
    pipeline('elsewhere', limit);
    subject.get('b');
    expect([...subject.entries()].map(([key]) => key)).toEqual(['b']);
  });

  it('is one with each pipeline that the key has within its own', () => {
    const breakers = new Map([...'ab'].map((key) => [key, circuitBreaker()]));
    const inner = (key: string) => pipeline(`${key} inner`, breakers.get(key) as never);
    const subject = keyed((key) => pipeline(key, inner(key)), { max: 1 });
    const kept = subject.get('a');
    const permit = breakers.get('a')?.tryAcquire();
    subject.get('b');
    expect(subject.get('a')).toBe(kept);
    permit?.ignore();
    subject.get('b');
    expect(subject.get('a')).not.toBe(kept);
  });
});
