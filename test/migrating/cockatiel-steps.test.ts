/**
 * The worked migration of docs/migrating-from-cockatiel.md: what holds at each step, and what its table says changes.
 */

import { describe, expect, test, vi } from 'vitest';
import { bench, describeTable, open, type Rows, type Step, stepsOf } from './steps.ts';

const page = 'docs/migrating-from-cockatiel.md';
const steps = stepsOf(page);
const OPEN_MS = 5_000;
const ATTEMPT_MS = 800;

test('there are seven steps, from theirs to ours', () => {
  expect(steps.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `Step ${n}`));
});

describe.each(steps)('$name', (step: Step) => {
  test('hands an answer on', async () => {
    const service = await bench(step);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 7 });
    expect(service.requests()).toBe(1);
  });

  test('tries a 503 again, twice, and then does not know', async () => {
    const service = await bench(step);
    service.behave(503);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 'unknown' });
    expect(service.requests()).toBe(3);
  });

  test('answers by a second attempt', async () => {
    const service = await bench(step);
    service.behave(503);
    const call = service.ask();
    await service.advance(0);
    service.behave(200);
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 7 });
    expect(service.requests()).toBe(2);
  });

  test('throws a 404 and does not try it again', async () => {
    const service = await bench(step);
    service.behave(404);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'rejected', error: { status: 404 } });
    expect(service.requests()).toBe(1);
  });

  test('gives up a request that hangs after 800 ms', async () => {
    const service = await bench(step);
    service.behave('hang');
    const call = service.ask();
    await service.advance(ATTEMPT_MS - 1);
    expect(service.working()).toBe(1);
    await service.advance(1);
    expect(service.working()).toBe(0);
    service.behave(200);
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 7 });
  });

  test('opens after failures in a row, and closes again on a good probe', async () => {
    const service = await bench(step);
    await open(service);
    service.behave(200);
    await service.advance(OPEN_MS);
    const probe = service.ask();
    await service.settle(probe);
    expect(probe.value).toBe(7);
    const next = service.ask();
    await service.settle(next);
    expect(next.value).toBe(7);
  });

  test('never has more than ten at work', async () => {
    const service = await bench(step);
    service.behave('hang');
    for (let call = 0; call < 20; call++) service.ask();
    await service.advance(10_000);
    expect(service.mostWorking()).toBe(10);
  });
});

const rows: Rows = {
  'The circuit is open: answered after': async (service) => {
    await open(service);
    await service.advance(1_000);
    const ms = await service.settle(service.ask());
    return ms === 0 ? 'at once' : `${ms} ms`;
  },

  'The caller aborts 10 ms into the first backoff: gets': async (service) => {
    service.behave(503);
    const caller = new AbortController();
    const call = service.ask(caller.signal);
    await service.advance(10);
    caller.abort(new Error('gone'));
    const ms = await service.settle(call);
    const answer = call.status === 'resolved' ? `\`'${call.value}'\`` : 'its own reason';
    return `${answer}, ${ms === 0 ? 'at once' : `${ms} ms later`}`;
  },

  'Ten callers abort at work: the next call': async (service) => {
    service.behave('hang');
    const callers = Array.from({ length: 10 }, () => new AbortController());
    const calls = callers.map(({ signal }) => service.ask(signal));
    await service.advance(10);
    for (const caller of callers) caller.abort(new Error('gone'));
    for (const call of calls) await service.settle(call);
    service.behave(200);
    const next = service.ask();
    await service.settle(next);
    return next.value === 7 ? 'is answered' : 'meets an open circuit';
  },

  'Twenty callers come while a probe is out: within 100 ms answered': async (service) => {
    await open(service);
    await service.advance(OPEN_MS);
    service.behave('hang');
    service.ask();
    await service.advance(0);
    const surplus = Array.from({ length: 20 }, () => service.ask());
    await service.advance(100);
    return String(surplus.filter(({ status }) => status !== 'pending').length);
  },

  'A probe is answered 404: requests sent by the next two calls': async (service) => {
    await open(service);
    await service.advance(OPEN_MS);
    service.behave(404);
    await service.settle(service.ask());
    service.behave(503);
    const before = service.requests();
    await service.settle(service.ask());
    await service.settle(service.ask());
    return String(service.requests() - before);
  },

  'The wall clock is set back an hour while the circuit is open: after its wait': async (service) => {
    await open(service);
    vi.setSystemTime(Date.now() - 3_600_000);
    await service.advance(OPEN_MS);
    service.behave(200);
    const call = service.ask();
    await service.settle(call);
    return call.value === 7 ? 'half-open' : 'still open';
  },

  'Four callers leave a full queue: a newcomer': async (service) => {
    service.behave('hang');
    for (let call = 0; call < 10; call++) service.ask();
    const caller = new AbortController();
    for (let call = 0; call < 20; call++) service.ask(call < 4 ? caller.signal : undefined);
    await service.advance(10);
    caller.abort(new Error('gone'));
    await service.advance(0);
    const newcomer = service.ask();
    await service.advance(0);
    service.behave(200);
    for (let call = 0; call < 10; call++) service.endOne();
    await service.advance(0);
    return newcomer.value === 7 ? 'takes one of their places' : 'is refused';
  },
};

describeTable(page, steps, rows);
