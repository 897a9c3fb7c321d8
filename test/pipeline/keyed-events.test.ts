import { keyed, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it, vi } from 'vitest';
import { Jobs } from '../support/jobs.ts';

const bare = (key: string) => pipeline(key);

describe('the events of a keyed', () => {
  it('name it, the key and the pipeline', async () => {
    const clock = new VirtualClock();
    const jobs = new Jobs();
    const subject = keyed(bare, { max: 1, name: 'hosts', clock, idleMs: 10 });
    const heard: unknown[] = [];
    for (const type of ['create', 'evict', 'overflow'] as const)
      subject.on(type, (event) => heard.push({ type, ...event }));
    const policy = 'hosts';
    const a = subject.get('a');
    const b = subject.get('b');
    const call = subject.run('b', jobs.job());
    const c = subject.get('c');
    jobs.end('job');
    await call;
    await clock.advance(10);
    expect(subject.size).toBe(0);
    expect(heard).toEqual([
      { type: 'create', policy, key: 'a', pipeline: a },
      { type: 'evict', policy, key: 'a', pipeline: a, reason: 'max' },
      { type: 'create', policy, key: 'b', pipeline: b },
      { type: 'overflow', policy, key: 'c', pipeline: c, inFlight: 1, circuits: 0 },
      { type: 'evict', policy, key: 'b', pipeline: b, reason: 'idle' },
    ]);
  });

  it('are heard after what they tell of has happened', () => {
    const subject = keyed(bare, { max: 1 });
    const seen: unknown[] = [];
    const look = (event: { key: string }) =>
      seen.push([event.key, [...subject.entries()].map(([key]) => key)]);
    subject.on('create', look).on('evict', look);
    subject.get('a');
    subject.get('b');
    expect(seen).toEqual([
      ['a', ['a']],
      ['a', ['b']],
      ['b', ['b']],
    ]);
  });

  it('come in the order in which things happened, also where a listener makes more happen', () => {
    const subject = keyed(bare, { max: 1 });
    const log: string[] = [];
    subject.on('evict', ({ key }) => {
      log.push(`evict ${key}`);
      if (key === 'a') subject.get('c');
    });
    subject.on('create', ({ key }) => log.push(`create ${key}`));
    const second: string[] = [];
    subject.on('evict', ({ key }) => second.push(`${key} after ${log.length}`));
    subject.get('a');
    const b = subject.get('b');
    expect(b.name).toBe('b');
    expect(log).toEqual(['create a', 'evict a', 'create b', 'evict b', 'create c']);
    // Every listener has heard of one thing before any hears of the next.
    expect(second).toEqual(['a after 2', 'b after 4']);
  });

  it('of pipelines whose time was over do not mislead who asks meanwhile', async () => {
    const clock = new VirtualClock();
    const make = vi.fn(bare);
    const subject = keyed(make, { clock, idleMs: 10 });
    const again: unknown[] = [];
    subject.on('evict', () => again.push(subject.get('b')));
    subject.get('a');
    await clock.advance(10);
    expect(subject.get('b')).toBe(again[0]);
    expect(make.mock.calls).toEqual([['a'], ['b']]);
  });

  it('reach no call with what a listener throws', async () => {
    const subject = keyed(bare, { name: 'hosts' });
    const bug = new Error('a bug in the listener');
    const faults: unknown[] = [];
    subject.on('create', () => {
      throw bug;
    });
    subject.on('listener-error', (event) => faults.push(event));
    expect(await subject.run('a', () => 1)).toBe(1);
    expect(faults).toEqual([{ policy: 'hosts', pipeline: undefined, error: bug }]);
  });

  it('can be heard once, and no longer', () => {
    const subject = keyed(bare);
    const once = vi.fn();
    const always = vi.fn();
    subject.once('create', once).on('create', always);
    subject.get('a');
    subject.get('b');
    subject.off('create', always);
    subject.get('c');
    expect([once.mock.calls.length, always.mock.calls.length]).toEqual([1, 2]);
  });

  it('let who hears of a pipeline follow what it does', async () => {
    const subject = keyed(bare);
    const heard: string[] = [];
    subject.on('create', ({ key, pipeline: made }) => made.on('call', () => heard.push(key)));
    await subject.run('a', () => 1);
    await subject.run('b', () => 1);
    await subject.run('a', () => 1);
    expect(heard).toEqual(['a', 'b', 'a']);
  });
});

describe('who follows the pipelines of a keyed', () => {
  it('is told of each that there is and that is made, once, until it stops, whoever else does', async () => {
    const jobs = new Jobs();
    const subject = keyed(bare, { max: 1 });
    const call = subject.run('a', jobs.job('a'));
    const guest = subject.run('b', jobs.job('b'));
    const heard: Record<string, string[]> = { first: [], second: [] };
    const stops = Object.values(heard).map((keys) => subject.follow((key) => keys.push(key)));
    stops[0]?.();
    subject.get('c');
    jobs.end('a');
    await call;
    subject.get('b'); // it is kept from now on, and known already
    jobs.end('b');
    await guest;
    expect(heard).toEqual({ first: ['a', 'b'], second: ['a', 'b', 'c'] });
  });
});
