/** Keyed pipelines: one series for all of them, or for the first so many keys; they stay garbage, and no count goes back. */
import {
  bulkhead,
  circuitBreaker,
  constant,
  type Keyed,
  keyed,
  type Pipeline,
  pipeline,
  retry,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../../src/observe/instruments.ts';
import { collectGarbage } from '../support/garbage.ts';
import { watch, work } from '../support/spies.ts';
import { collecting } from './support.ts';

const { calls, retries, circuitState, circuitTransitions, circuitOpen, bulkheadInFlight, abandonedRunning } =
  INSTRUMENTS;

const fail = () => Promise.reject(new Error('boom'));

function setUp(max: number, watching: { keys?: number } = {}) {
  const clock = new VirtualClock();
  const hosts = keyed(
    (key) =>
      pipeline(
        { name: key, clock },
        retry({ retries: 1, backoff: constant(0) }),
        circuitBreaker({ consecutiveFailures: 2, openMs: 1_000 }),
        bulkhead(),
      ),
    { max, name: 'hosts', clock },
  );
  const collected = collecting();
  const stop = collected.watch([hosts], watching);
  return { clock, hosts, stop, ...collected };
}

describe('without the option', () => {
  test('all keys sum up under the name of the keyed', async () => {
    const { hosts, counted } = setUp(10);
    await hosts.run('a', () => 1);
    await hosts.run('b', ({ attempt }) => (attempt === 1 ? fail() : 1));
    await hosts.run('c', fail).catch(() => {});
    watch(hosts.run('a', work().operation));
    watch(hosts.run('b', work().operation));
    expect(counted(calls, retries, circuitState, circuitTransitions, bulkheadInFlight)).toEqual({
      'calls pipeline=hosts outcome=success': 2,
      'calls pipeline=hosts outcome=failure': 1,
      'retries pipeline=hosts policy=retry result=success': 1,
      'retries pipeline=hosts policy=retry result=failure': 1,
      'circuit.state pipeline=hosts policy=circuit-breaker state=closed': 2,
      'circuit.state pipeline=hosts policy=circuit-breaker state=open': 1,
      'circuit.transitions pipeline=hosts policy=circuit-breaker from=closed to=open': 1,
      'bulkhead.in_flight pipeline=hosts policy=bulkhead': 2,
    });
  });

  test('ten thousand keys make no more series than one does', async () => {
    const { hosts, numbers } = setUp(20);
    await hosts.run('first', () => 1);
    const before = Object.keys(numbers());
    for (let i = 0; i < 10_000; i++) await hosts.run(`k${i}`, () => 1);
    expect(Object.keys(numbers())).toEqual(before);
    expect(before.join()).not.toContain('first');
  });

  test('those that were there before are counted, and those that are not kept', async () => {
    const { hosts } = setUp(1);
    const { watch: count, counted } = collecting();
    const kept = hosts.get('kept');
    watch(kept.run(work().operation));
    count([hosts]);
    const guest = watch(hosts.run('guest', work().operation));
    expect([hosts.size, guest.state]).toEqual([1, 'pending']);
    expect(counted(bulkheadInFlight)).toEqual({ 'bulkhead.in_flight pipeline=hosts policy=bulkhead': 2 });
    await kept.run(() => 1);
    expect(counted(calls)).toEqual({ 'calls pipeline=hosts outcome=success': 1 });
  });

  test('a pipeline is watched before its first call, also where a listener of the keyed makes it', async () => {
    const { hosts, counted } = setUp(10);
    hosts.on('create', ({ key }) => {
      if (key === 'a') void hosts.run('b', () => 1);
    });
    await hosts.run('a', () => 1);
    expect(counted(calls)).toEqual({ 'calls pipeline=hosts outcome=success': 2 });
  });

  test('a policy that its pipelines share is under its name', () => {
    const shared = bulkhead({ name: 'sockets', concurrency: 5 });
    const hosts = keyed((key) => pipeline(key, shared), { name: 'hosts' });
    const { watch: count, numbers } = collecting();
    count([hosts], { keys: 2 });
    hosts.get('a');
    hosts.get('b');
    hosts.get('c');
    expect(numbers(INSTRUMENTS.bulkheadConcurrency)).toEqual({
      'bulkhead.concurrency_limit pipeline=hosts policy=sockets': 5,
    });
  });
});

describe('with `keys`', () => {
  test('the first so many have a label, and all others are `other`', async () => {
    const { hosts, counted } = setUp(10, { keys: 2 });
    for (const key of ['a', 'b', 'c', 'd', 'a']) await hosts.run(key, () => 1);
    expect(counted(calls, circuitState)).toEqual({
      'calls pipeline=hosts key=a outcome=success': 2,
      'calls pipeline=hosts key=b outcome=success': 1,
      'calls pipeline=hosts key=other outcome=success': 2,
      'circuit.state pipeline=hosts key=a policy=circuit-breaker state=closed': 1,
      'circuit.state pipeline=hosts key=b policy=circuit-breaker state=closed': 1,
      'circuit.state pipeline=hosts key=other policy=circuit-breaker state=closed': 2,
    });
  });

  test('a key that went and came back is counted on', async () => {
    const { hosts, counted } = setUp(1, { keys: 1 });
    for (const key of ['a', 'b', 'a', 'b']) await hosts.run(key, () => 1);
    expect(counted(calls)).toEqual({
      'calls pipeline=hosts key=a outcome=success': 2,
      'calls pipeline=hosts key=other outcome=success': 2,
    });
  });
});

/** Uses keys until they were all evicted but the last, and gives what is left of them. */
async function evictAll(hosts: Keyed<Pipeline>): Promise<WeakRef<object>[]> {
  const made: WeakRef<object>[] = [];
  for (let i = 0; i < 50; i++) {
    const subject = hosts.get(`k${i}`);
    made.push(new WeakRef(subject), ...subject.policies.map((policy) => new WeakRef(policy)));
    await subject.run(() => 1);
  }
  return made.slice(0, -4);
}

describe('what is evicted', () => {
  test('is garbage while it is counted, and its counts stay', async () => {
    const { hosts, numbers, counted } = setUp(1);
    const made = await evictAll(hosts as never);
    const before = numbers(calls);
    await collectGarbage();
    expect(made.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    expect(numbers(calls)).toEqual(before);
    expect(counted(circuitState)).toEqual({
      'circuit.state pipeline=hosts policy=circuit-breaker state=closed': 1,
    });
  });

  test('is garbage with a shared policy that lives on', async () => {
    const shared = circuitBreaker({ name: 'shared' });
    const hosts = keyed((key) => pipeline(key, shared, bulkhead()), { max: 1, name: 'hosts' });
    const { watch: count } = collecting();
    count([hosts], { keys: 3 });
    const made: WeakRef<object>[] = [];
    for (let i = 0; i < 50; i++) {
      made.push(new WeakRef(hosts.get(`k${i}`)));
      await hosts.run(`k${i}`, () => 1);
    }
    await collectGarbage();
    expect(made.slice(0, -1).filter((ref) => ref.deref() !== undefined)).toEqual([]);
    expect(shared.heard('state')).toBe(true);
  });

  test('is counted on where somebody still uses it', async () => {
    const { hosts, counted } = setUp(1);
    const evicted = hosts.get('a');
    hosts.get('b');
    await evicted.run(() => 1);
    expect(counted(calls)).toEqual({ 'calls pipeline=hosts outcome=success': 1 });
  });

  test('leaves the time that its circuit was open, and the work that still runs', async () => {
    const { clock, hosts, counted, numbers } = setUp(1);
    watch(hosts.run('kept', work().operation));
    const guest = work();
    const caller = new AbortController();
    watch(hosts.run('guest', guest.operation, { signal: caller.signal }));
    for (let i = 0; i < 2; i++) await hosts.run('guest', fail).catch(() => {});
    await clock.advance(300);
    expect(counted(circuitOpen)).toEqual({ 'circuit.open pipeline=hosts policy=circuit-breaker': 0.3 });
    caller.abort();
    await clock.advance(0);
    expect(counted(abandonedRunning)).toEqual({ 'abandoned.running pipeline=hosts': 1 });
    guest.resolve(1);
    await clock.advance(200);
    expect(numbers(circuitOpen)['circuit.open pipeline=hosts policy=circuit-breaker']).toBeGreaterThanOrEqual(
      0.3,
    );
    expect(counted(abandonedRunning)).toEqual({});
  });
});
