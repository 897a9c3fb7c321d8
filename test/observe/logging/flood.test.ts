/** Nothing floods: whatever happens how often, in how many places. */
import { bulkhead, circuitBreaker, keyed, pipeline } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { watch } from '../../support/spies.ts';
import { causes, Log, setUp } from './support.ts';

const count = (log: Log, event: string) =>
  log.of(event).reduce((sum, { fields }) => sum + Number(fields.count), 0);

describe('ten thousand rejections a second', () => {
  test('are one line a second, and none is missing in the counts', async () => {
    const { clock, log, breaker, payments } = setUp();
    breaker.isolate('test');
    for (let ms = 0; ms < 3_000; ms += 10) {
      for (let i = 0; i < 100; i++) watch(payments.run(() => 1));
      await clock.advance(10);
    }
    await clock.advance(1_000);
    expect(count(log, 'circuit.rejected')).toBe(30_000);
    expect(log.of('circuit.rejected').length).toBeLessThanOrEqual(4);
    expect(log.lines.length).toBeLessThanOrEqual(5);
  });

  test('through a thousand pipelines are maxLines lines that name one, and one that names none', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const all = Array.from({ length: 1_000 }, (_, i) =>
      pipeline({ name: `p${i}`, clock }, bulkhead({ concurrency: 0 })),
    );
    logEvents(all, log, { clock, maxLines: 3 });
    for (let i = 0; i < 10_000; i++) watch(all[i % 1_000]!.run(() => 1));
    await clock.advance(1_000);
    expect(log.lines.map(({ fields }) => [fields.pipeline, fields.count])).toEqual([
      ['p0', 10],
      ['p1', 10],
      ['p2', 10],
      [undefined, 9_970],
    ]);
    expect(log.lines[3]).toEqual({
      level: 'warn',
      message: 'holdfast.bulkhead.rejected: in more places than maxLines',
      fields: { event: 'holdfast.bulkhead.rejected', others: true, count: 9_970 },
    });
    for (const subject of all) watch(subject.run(() => 1));
    await clock.advance(1_000);
    expect(log.lines.slice(4).map(({ fields }) => fields.count)).toEqual([1, 1, 1, 997]);
  });

  test('through a thousand keys are twenty lines, and one', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const hosts = keyed(() => pipeline({ name: 'host', clock }, bulkhead({ concurrency: 0 })), {
      name: 'hosts',
      clock,
    });
    logEvents([hosts], log, { clock });
    for (let i = 0; i < 10_000; i++) watch(hosts.run(`k${i % 1_000}`, () => 1));
    await clock.advance(1_000);
    expect(log.lines.length).toBe(21);
    expect(log.lines[0]?.fields).toMatchObject({
      pipeline: 'host',
      keyed: 'hosts',
      key: 'k0',
      policy: 'bulkhead',
      count: 10,
    });
    expect(count(log, 'bulkhead.rejected')).toBe(10_000);
  });
});

describe('changes of state', () => {
  test('are written at once, and those of a circuit that flaps once a second', async () => {
    const { clock, log, breaker } = setUp();
    for (let ms = 0; ms < 2_000; ms += 10) {
      breaker.open();
      if (ms === 0) expect(log.lines.length).toBe(1);
      breaker.close();
      await clock.advance(10);
    }
    await clock.advance(1_000);
    for (const event of ['circuit.opened', 'circuit.closed']) {
      expect(count(log, event)).toBe(200);
      expect(log.of(event).length).toBeLessThanOrEqual(5);
    }
  });

  test('of a thousand circuits that open together are twenty lines, and one', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const breakers = Array.from({ length: 1_000 }, () => circuitBreaker({ clock }));
    const all = breakers.map((breaker, i) => pipeline({ name: `p${i}`, clock }, breaker));
    logEvents(all, log, { clock });
    for (const breaker of breakers) breaker.open();
    expect(log.lines.length).toBe(20);
    await clock.advance(1_000);
    expect(log.lines.length).toBe(21);
    expect(log.lines[20]?.fields).toEqual({
      event: 'holdfast.circuit.opened',
      others: true,
      count: 980,
    });
  });

  test('in the next second are written at once again', async () => {
    const { clock, log, breaker } = setUp();
    breaker.open();
    await clock.advance(1_000);
    breaker.close();
    breaker.open();
    expect(log.of('circuit.opened').map(({ fields }) => fields.count)).toEqual([1, 1]);
  });
});

test.each(Object.keys(causes) as (keyof typeof causes)[])(
  'no line of another event keeps one from being written: %s',
  async (event) => {
    const clock = new VirtualClock();
    const log = new Log();
    const scripts = Object.values(causes).map((make) => make(clock));
    logEvents(
      scripts.map(({ subject }) => subject),
      log,
      { clock, maxLines: 10 },
    );
    for (const { cause } of scripts) watch(Promise.resolve(cause()));
    await clock.advance(3_000);
    expect(log.of(event).length).toBeGreaterThan(0);
  },
);

describe('what a line causes by itself', () => {
  test('is of the next second, and goes on for as long as it is caused', async () => {
    const clock = new VirtualClock();
    const log = new Log();
    const ship = pipeline({ name: 'log-shipper', clock }, bulkhead({ concurrency: 0 }));
    const original = log.warn;
    const warn = vi.fn((fields: object, message: string) => {
      original(fields, message);
      watch(ship.run(() => message));
    });
    const stop = logEvents([ship], { ...log, warn }, { clock });
    watch(ship.run(() => 1));
    await clock.advance(5_000);
    expect(log.lines.map(({ fields }) => fields.count)).toEqual([1, 1, 1, 1, 1]);
    stop();
    await clock.advance(5_000);
    expect(log.lines.length).toBe(6);
  });
});

test('no second is the first of a line that has ended: the counts begin anew', async () => {
  const { clock, log, breaker, payments } = setUp();
  breaker.isolate('test');
  const seconds: number[] = [];
  for (const calls of [3, 0, 5]) {
    for (let i = 0; i < calls; i++) watch(payments.run(() => 1));
    await clock.advance(1_500);
    seconds.push(count(log, 'circuit.rejected'));
  }
  expect(seconds).toEqual([3, 3, 8]);
});
