/**
 * The worked migration of docs/migrating-from-opossum.md: what holds at each step, and what its table says changes.
 */

import { describe, expect, test, vi } from 'vitest';
import { bench, describeTable, open, type Rows, type Step, stepsOf } from './steps.ts';

const page = 'docs/migrating-from-opossum.md';
const steps = stepsOf(page);
const OPEN_MS = 5_000;
const ATTEMPT_MS = 800;

test('there are six steps, from theirs to ours', () => {
  expect(steps.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `Step ${n}`));
});

describe.each(steps)('$name', (step: Step) => {
  test('hands an answer on', async () => {
    const service = await bench(step);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 7 });
    expect(service.requests()).toBe(1);
  });

  test('does not know when the server fails', async () => {
    const service = await bench(step);
    service.behave(503);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 'unknown' });
  });

  test('throws a 404', async () => {
    const service = await bench(step);
    service.behave(404);
    const call = service.ask();
    await service.settle(call);
    expect(call).toMatchObject({ status: 'rejected', error: { status: 404 } });
    expect(service.requests()).toBe(1);
  });

  test('gives up a request that hangs after 800 ms, not before', async () => {
    const service = await bench(step);
    service.behave('deaf');
    const call = service.ask();
    await service.advance(ATTEMPT_MS - 1);
    expect(call.status).toBe('pending');
    await service.settle(call);
    expect(call).toMatchObject({ status: 'resolved', value: 'unknown' });
  });

  test('opens after failures, and closes again on a good probe', async () => {
    const service = await bench(step);
    await open(service);
    service.behave(200);
    await service.advance(OPEN_MS);
    for (const _ of ['the probe', 'the next']) {
      const call = service.ask();
      await service.settle(call);
      expect(call.value).toBe(7);
    }
  });
});

const goAway = (callers: readonly AbortController[]) => {
  for (const caller of callers) caller.abort(new Error('gone'));
};

const rows: Rows = {
  'The caller aborts: gets': async (service) => {
    service.behave('hang');
    const caller = new AbortController();
    const call = service.ask(caller.signal);
    await service.advance(10);
    goAway([caller]);
    await service.settle(call);
    return call.status === 'resolved' ? `\`'${call.value}'\`` : 'its own reason';
  },

  'Calls time out, and their work goes on: most at work': async (service) => {
    service.behave('deaf');
    for (let call = 0; call < 60; call += 2) {
      service.ask();
      service.ask();
      await service.advance(ATTEMPT_MS / 4);
    }
    return String(service.mostWorking());
  },

  'A request hangs: at work after 800 ms': async (service) => {
    service.behave('hang');
    service.ask();
    await service.advance(ATTEMPT_MS);
    return String(service.working());
  },

  'A burst of 40 for 10 places: the next call': async (service) => {
    service.behave('hang');
    for (let call = 0; call < 40; call++) service.ask();
    await service.advance(10);
    for (let call = 0; call < 10; call++) service.endOne();
    service.behave(200);
    await service.advance(0);
    const next = service.ask();
    await service.settle(next);
    return next.value === 7 ? 'is answered' : 'meets an open circuit';
  },

  'Ten callers abort at work: the next call': async (service) => {
    service.behave('hang');
    const callers = Array.from({ length: 10 }, () => new AbortController());
    for (const { signal } of callers) service.ask(signal);
    await service.advance(10);
    goAway(callers);
    await service.advance(0);
    service.behave(200);
    const next = service.ask();
    await service.settle(next);
    return next.value === 7 ? 'is answered' : 'meets an open circuit';
  },

  'A probe is answered 404: requests of the next three calls': async (service) => {
    await open(service);
    await service.advance(OPEN_MS);
    service.behave(404);
    await service.settle(service.ask());
    service.behave('hang');
    const before = service.requests();
    for (let call = 0; call < 3; call++) service.ask();
    await service.advance(0);
    return String(service.requests() - before);
  },

  'Timers of the idle service': async () => String(vi.getTimerCount()),

  'A 503, then a 200: gets': async (service) => {
    service.behave(503);
    const call = service.ask();
    await service.advance(0);
    service.behave(200);
    await service.settle(call);
    return `\`${call.value === 7 ? 7 : "'unknown'"}\``;
  },
};

describeTable(page, steps, rows);
