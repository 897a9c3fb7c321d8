/** To whom it listens, what it sets, and what is left when it has stopped. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bulkhead, circuitBreaker, keyed, pipeline } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { collectGarbage } from '../../support/garbage.ts';
import { flush as drain } from '../../support/jobs.ts';
import { watch } from '../../support/spies.ts';
import { down, Log, setUp } from './support.ts';

const EVENTS = [
  'state',
  'reject',
  'abandon',
  'reclaim',
  'timeout',
  'retry',
  'exhausted',
  'fallback',
  'listener-error',
];

describe('a breaker that several pipelines share', () => {
  const setUpShared = () => {
    const clock = new VirtualClock();
    const log = new Log();
    const breaker = circuitBreaker({ name: 'db', clock, consecutiveFailures: 1 });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => pipeline({ name, clock }, breaker)) as [
      ReturnType<typeof pipeline>,
      ReturnType<typeof pipeline>,
      ReturnType<typeof pipeline>,
    ];
    return { clock, log, breaker, a, b, c };
  };

  test('changes its state once', async () => {
    const { clock, log, breaker, a, b, c } = setUpShared();
    logEvents([a, b, c], log, { clock });
    watch(b.run(() => Promise.reject(down)));
    await clock.advance(0);
    breaker.close();
    await clock.advance(1_000);
    expect(log.events).toEqual(['holdfast.circuit.opened', 'holdfast.circuit.closed']);
    expect(log.lines.map(({ fields }) => fields.count)).toEqual([1, 1]);
  });

  test('rejects for each pipeline by itself, and tells of all of them when it closes', async () => {
    const { clock, log, breaker, a, b, c } = setUpShared();
    logEvents([a, b], log, { clock });
    breaker.open();
    for (const subject of [a, a, b, c]) watch(subject.run(() => 1));
    await clock.advance(1_000);
    breaker.close();
    expect(log.of('circuit.rejected').map(({ fields }) => [fields.pipeline, fields.count])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(log.of('circuit.closed')[0]?.fields.rejected).toBe(3);
  });

  test('is told to each of two logs once', () => {
    const { clock, log, breaker, a, b } = setUpShared();
    const second = new Log();
    logEvents([a, b], log, { clock });
    logEvents([a, b], second, { clock });
    breaker.open();
    expect([log.lines.length, second.lines.length]).toEqual([1, 1]);
  });

  test('is listened to once where a pipeline is named twice', async () => {
    const { clock, log, breaker, a } = setUpShared();
    logEvents([a, a], log, { clock });
    breaker.open();
    watch(a.run(() => 1));
    await clock.advance(1_000);
    expect(log.lines.map(({ fields }) => fields.count)).toEqual([1, 1]);
  });
});

describe('a nested pipeline', () => {
  test('has its own runs told under its name, and those of the outer one under that', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const inner = pipeline({ name: 'inner', clock }, bulkhead({ concurrency: 0 }));
    const outer = pipeline({ name: 'outer', clock }, inner);
    logEvents([inner, outer], log, { clock });
    watch(inner.run(() => 1));
    watch(outer.run(() => 1));
    watch(outer.run(() => 1));
    await clock.advance(1_000);
    expect(log.lines.map(({ fields }) => [fields.pipeline, fields.count])).toEqual([
      ['inner', 1],
      ['outer', 2],
    ]);
  });
});

describe('a keyed', () => {
  const setUpKeyed = (max = 10) => {
    const clock = new VirtualClock();
    const log = new Log();
    const hosts = keyed((name) => pipeline({ name, clock }, circuitBreaker({ consecutiveFailures: 1 })), {
      max,
      clock,
      name: 'hosts',
    });
    const stop = logEvents([hosts], log, { clock });
    const fail = (key: string) => watch(hosts.run(key, () => Promise.reject(down)));
    return { clock, log, hosts, stop, fail };
  };

  test('has its key in each line, and its own name', async () => {
    const { clock, log, fail } = setUpKeyed();
    fail('a.example');
    await clock.advance(0);
    fail('a.example');
    await clock.advance(1_000);
    expect(log.lines.map(({ fields }) => [fields.event, fields.keyed, fields.key])).toEqual([
      ['holdfast.circuit.opened', 'hosts', 'a.example'],
      ['holdfast.circuit.rejected', 'hosts', 'a.example'],
    ]);
  });

  test('may have keys without end, which are cut', async () => {
    const { clock, log, fail } = setUpKeyed();
    fail('k'.repeat(10_000));
    await clock.advance(0);
    expect(log.lines[0]?.fields).toMatchObject({ key: 'k'.repeat(200), pipeline: 'k'.repeat(200) });
  });

  test('is left alone after the stop: all that it has made, and all that it makes', async () => {
    const { clock, log, hosts, stop, fail } = setUpKeyed(1);
    fail('a');
    await clock.advance(0);
    const held = hosts.get('a');
    const guest = hosts.get('b');
    expect([held, guest].map((each) => each.heard('state'))).toEqual([true, true]);
    stop();
    for (const each of [held, guest, hosts.get('c')])
      for (const event of EVENTS) expect(each.heard(event), event).toBe(false);
    for (const event of ['create', 'evict', 'overflow']) expect(hosts.heard(event)).toBe(false);
    await clock.advance(2_000);
    expect(log.lines.length).toBe(2);
  });

  test('has its pipelines collected as ever, those with a breaker that is shared included', async () => {
    const shared = circuitBreaker({ name: 'shared' });
    const hosts = keyed((name) => pipeline({ name }, shared, bulkhead()), { max: 1 });
    const log = new Log();
    const stop = logEvents([hosts], log);
    const refs = ['a', 'b', 'c', 'd'].map((key) => new WeakRef(hosts.get(key)));
    await collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBe(1);
    shared.open();
    expect(log.lines.length).toBe(1);
    stop();
    await collectGarbage();
    expect(shared.heard('state')).toBe(false);
  });
});

describe('after the stop', () => {
  test('nobody is listened to, and what was counted until then has been written', async () => {
    const { clock, log, breaker, payments, stop, run } = setUp();
    breaker.isolate('test');
    await run('ok', 'ok');
    stop();
    expect(log.of('circuit.rejected').map(({ fields }) => fields.count)).toEqual([2]);
    for (const event of EVENTS) expect(payments.heard(event), event).toBe(false);
    expect(breaker.heard('state')).toBe(false);
    breaker.close();
    await run('ok');
    await clock.advance(5_000);
    stop();
    expect(log.lines.length).toBe(2);
  });

  test('no timer is left', async () => {
    const { clock, breaker, stop, run } = setUp();
    breaker.isolate('test');
    const cancels: ReturnType<typeof vi.spyOn>[] = [];
    const { setTimer } = clock;
    vi.spyOn(clock, 'setTimer').mockImplementation((ms, fn) => {
      const timer = setTimer.call(clock, ms, fn);
      cancels.push(vi.spyOn(timer, 'cancel'));
      return timer;
    });
    await run('ok');
    expect(cancels.length).toBe(1);
    stop();
    expect(cancels[0]).toHaveBeenCalled();
  });

  test('none is set for what happened just before', async () => {
    const { clock, breaker, payments, stop } = setUp();
    breaker.isolate('test');
    watch(payments.run(() => 1));
    const setTimer = vi.spyOn(clock, 'setTimer');
    stop();
    await clock.advance(0);
    expect(setTimer).not.toHaveBeenCalled();
  });
});

test('no timer is set as long as nothing happens, and none that keeps the process alive', async () => {
  const { clock, log, breaker, payments } = setUp();
  const setTimer = vi.spyOn(clock, 'setTimer');
  watch(payments.run(() => 1));
  await clock.advance(10_000);
  expect(setTimer).not.toHaveBeenCalled();
  breaker.isolate('test');
  watch(payments.run(() => 1));
  await clock.advance(0);
  expect([setTimer.mock.calls.length, clock.pendingTimers]).toEqual([1, 0]);
  await clock.advance(1_000);
  expect(log.lines.length).toBe(2);
  await clock.advance(10_000);
  expect(setTimer).toHaveBeenCalledTimes(1);
});

test('fake timers that come and go meanwhile end no line for good', async () => {
  const log = new Log();
  const none = pipeline('none', bulkhead({ concurrency: 0 }));
  const stop = logEvents([none], log);
  watch(none.run(() => 1));
  await drain();
  vi.useFakeTimers();
  try {
    watch(none.run(() => 1));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(log.lines.map(({ fields }) => fields.count)).toEqual([2]);
    watch(none.run(() => 1));
    await vi.runAllTimersAsync();
    expect(log.lines.length).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
    stop();
  }
});

test('a process ends although lines are still to be written', async () => {
  const module = `
    import { bulkhead, pipeline } from 'holdfast';
    import { logEvents } from 'holdfast/logging';
    import { VirtualClock } from 'holdfast/testing';
    const none = pipeline('none', bulkhead({ concurrency: 0 }));
    const real = globalThis.setTimeout;
    // A second that takes an hour: if the process waited for it, the test would not end.
    globalThis.setTimeout = (fn, ms) => real(fn, ms * 3_600);
    logEvents([none], console);
    await none.run(() => 1).catch((error) => console.log(error.code));
  `;
  const flags = ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--input-type=module', '--eval', module],
    { timeout: 25_000 },
  );
  expect(stdout).toBe('HOLDFAST_BULKHEAD_FULL\n');
}, 30_000);
