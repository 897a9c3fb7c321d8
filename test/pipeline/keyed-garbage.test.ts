/** An evicted pipeline is garbage, also while every policy that it shared with others lives on. */
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Keyed,
  keyed,
  type Pipeline,
  type Policy,
  pipeline,
  retry,
  retryBudget,
  systemClock,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it, vi } from 'vitest';
import { collectGarbage, collectNow } from '../support/garbage.ts';
import { flush, Jobs } from '../support/jobs.ts';

const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

/** Notes each pipeline and policy that is made, weakly. */
function watched() {
  const alive: { what: string; ref: WeakRef<object> }[] = [];
  const note = <T extends object>(what: string, made: T): T => {
    alive.push({ what, ref: new WeakRef(made) });
    return made;
  };
  const left = () => alive.flatMap(({ what, ref }) => (ref.deref() === undefined ? [] : [what]));
  // The compiler works in the background, and keeps alive what it compiles for until it has found the time.
  const collectTo = async (count: number): Promise<void> => {
    for (let round = 0; round === 0 || (round < 100 && left().length > count); round++)
      await collectGarbage();
  };
  return { note, left, collectTo };
}

const own = (): Policy[] => [
  timeout({ ms: 600_000 }),
  retry({ backoff: constant(10) }),
  circuitBreaker(),
  timeout({ ms: 50, name: 'attempt' }),
  bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 20, reclaimMs: 30 }),
];

/** Calls of every fate: a value, an error tried again, a time-out, a wait in the queue, a full bulkhead. */
async function useAll(subject: Keyed<Pipeline>, clock: VirtualClock): Promise<void> {
  for (const key of KEYS) {
    const operations = [
      () => 1,
      ({ attempt }: { attempt: number }) => (attempt === 1 ? Promise.reject(new Error('down')) : 1),
      () => new Promise<void>((resolve) => void clock.setTimer(70, resolve)),
      () => 2,
      () => 3,
    ];
    for (const operation of operations) void subject.run<unknown>(key, operation).catch(() => {});
    await clock.advance(200);
  }
}

describe('an evicted pipeline, and all that was its own, is garbage', () => {
  it('after calls of every fate', async () => {
    const clock = new VirtualClock();
    const { note, left, collectTo } = watched();
    const make = (name: string) =>
      note(name, pipeline({ name, clock }, ...own().map((policy, i) => note(`${name} ${i}`, policy))));
    const subject = keyed(make, { max: 1, clock });
    await useAll(subject, clock);
    subject.get('last');
    await collectTo(6);
    // Without any time gone by: the timers that policies keep for the next call are no reason to live.
    expect(left().filter((what) => !what.startsWith('last'))).toEqual([]);
    expect([subject.size, left().length]).toEqual([1, 6]);
  });

  it('on real timers, with an hour still to go on them', async () => {
    const { note, left, collectTo } = watched();
    const subject = keyed(
      (name) =>
        note(
          name,
          pipeline(name, timeout({ ms: 3_600_000 }), bulkhead({ queue: 1, queueTimeoutMs: 3_600_000 })),
        ),
      { max: 1 },
    );
    // In a function of its own, whose frame is gone afterwards.
    const use = async (key: string): Promise<void> => {
      const jobs = new Jobs();
      const calls = Array.from({ length: 11 }, () => subject.run(key, jobs.job()));
      // The last of them waits for a place.
      for (const job of jobs.started) job.end();
      await flush();
      jobs.started.at(-1)?.end();
      await Promise.all(calls);
    };
    for (const key of KEYS) await use(key);
    await collectTo(1);
    expect(left()).toEqual([KEYS.at(-1)]);
    expect(subject.size).toBe(1);
  });

  it('while shared policies live on, and work and waits in them', async () => {
    const clock = new VirtualClock();
    const shared: Policy[] = [
      fallback('fell'),
      timeout({ ms: 600_000 }),
      retry({ backoff: constant(10), budget: retryBudget() }),
      circuitBreaker(),
      timeout({ ms: 50, name: 'attempt' }),
      bulkhead({ concurrency: 2, queue: 1, queueTimeoutMs: 20 }),
      pipeline({ name: 'inner', clock }, bulkhead({ name: 'inner' })),
    ];
    const { note, left, collectTo } = watched();
    // The circuit opens; were one pipeline alone in having it, that would be kept.
    const subject = keyed((name) => note(name, pipeline({ name, clock }, ...shared)), { max: 2, clock });
    await useAll(subject, clock);
    for (const key of ['last', 'very last']) subject.get(key);
    await collectTo(2);
    expect(left()).toEqual(['last', 'very last']);
    expect([subject.size, shared.length]).toEqual([2, 7]);
  });

  it('whoever listens to it, to the keyed and to the states of shared circuits', async () => {
    const breaker = circuitBreaker();
    const { note, left, collectTo } = watched();
    const heard = vi.fn();
    // One listens from the start, inside `make`, the others from when they hear of the pipeline.
    const subject = keyed(
      (name) => {
        const made = note(name, pipeline(name, breaker));
        return name === KEYS[0] ? made.on('state', heard) : made;
      },
      { max: 2 },
    );
    subject.on('evict', heard).on('overflow', heard);
    subject.on('create', ({ pipeline: made }) => made.on('state', heard).on('call', heard));
    for (const key of KEYS) await subject.run(key, () => 1);
    heard.mockClear();
    await collectTo(2);
    expect(left()).toEqual(KEYS.slice(-2));
    breaker.isolate('by hand');
    expect(heard).toHaveBeenCalledTimes(2);
    expect(subject.size).toBe(2);
  });

  it('and leaves no listener on a circuit that it shared', async () => {
    const breaker = circuitBreaker();
    const removed = vi.spyOn(breaker, 'off');
    const { note, left, collectTo } = watched();
    const use = () => {
      const subject = keyed((name) => note(name, pipeline(name, breaker)), { max: 2 });
      subject.on('create', ({ pipeline: made }) => made.on('state', () => {}));
      for (const key of KEYS) subject.get(key);
    };
    use();
    await collectTo(0);
    expect(left()).toEqual([]);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('and is not missed by a circuit that changes before its listener is taken back', async () => {
    const breaker = circuitBreaker();
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { note, left } = watched();
    const use = () => {
      const subject = keyed((name) => note(name, pipeline(name, breaker)));
      subject.get('a').on('state', () => {});
    };
    use();
    await flush();
    collectNow();
    breaker.open();
    expect([left(), printed.mock.calls]).toEqual([[], []]);
    printed.mockRestore();
  });

  it('also if it was never kept, once its calls are over', async () => {
    const clock = new VirtualClock();
    const { note, left, collectTo } = watched();
    const policies = (name: string) => (name === 'kept' ? [] : own());
    const make = (name: string) => note(name, pipeline({ name, clock }, ...policies(name)));
    const subject = keyed(make, { max: 1, clock });
    const jobs = new Jobs();
    void subject.run('kept', jobs.job());
    await useAll(subject, clock);
    // In a function of its own, whose frame is gone afterwards.
    const ask = () => void subject.get('not used at all');
    ask();
    await collectTo(1);
    expect(left()).toEqual(['kept']);
    expect(subject.size).toBe(1);
  });
});

it('an evicted pipeline that somebody holds goes on as before', async () => {
  const breaker = circuitBreaker();
  const subject = keyed((name) => pipeline(name, timeout({ ms: 1_000 }), breaker), { max: 1 });
  const heard = vi.fn();
  const held = subject.get('a').on('state', heard);
  await held.run(() => 1);
  subject.get('b');
  await collectGarbage();
  expect(await held.run(() => 1)).toBe(1);
  breaker.open();
  expect(heard.mock.calls).toMatchObject([[{ to: 'open' }]]);
  held.off('state', heard);
  breaker.close();
  expect(heard).toHaveBeenCalledTimes(1);
  await expect(held.run(() => systemClock.now())).resolves.toBeTypeOf('number');
});

it('whoever stops listening to states and begins again hears of them again', () => {
  const breaker = circuitBreaker();
  const kept = keyed((name) => pipeline(name, breaker)).get('a');
  const heard = vi.fn();
  kept.on('state', heard).off('state', heard).on('state', heard);
  breaker.open();
  expect(heard).toHaveBeenCalledTimes(1);
});

it('a pipeline of its own is garbage with its policies, also if it is listened to', async () => {
  const { note, left, collectTo } = watched();
  const listen = () => void note('own', pipeline('own', circuitBreaker())).on('state', () => {});
  listen();
  await collectTo(0);
  expect(left()).toEqual([]);
});

it('a pipeline of its own is held by the states that it is to pass on', async () => {
  const breaker = circuitBreaker();
  const heard = vi.fn();
  const listen = () => void pipeline('own', breaker).on('state', heard);
  listen();
  await collectGarbage();
  breaker.open();
  expect(heard).toHaveBeenCalledTimes(1);
});
