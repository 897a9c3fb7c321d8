import { type Gate, isRejection, type ListenerErrorEvent, pipeline, Rejection, retry } from 'holdfast';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, spyGate } from '../support/spies.ts';

const boom = new Error('boom');
const bug = new Error('a bug in the gate');
const throwing = (where: 'enter' | 'leave' | 'release', name = 'mine'): Gate => ({
  name,
  enter: () => {
    if (where === 'enter') throw bug;
    return 1;
  },
  leave: () => {
    if (where === 'leave') throw bug;
  },
  release: () => {
    if (where === 'release') throw bug;
  },
});

describe("a gate of a user's own that refuses", () => {
  test('with a Rejection is named in it, and so is the pipeline', async () => {
    const rejection = new Rejection('no quota');
    const gate = spyGate({ name: 'quota', answer: () => rejection });
    const error = await errorOf(pipeline('p', gate).run(() => 1));
    expect(error).toBe(rejection);
    expect(error).toMatchObject({ policy: 'quota', pipeline: 'p', code: 'HOLDFAST_REJECTED' });
    expect(gate.log).toEqual(['quota enter']); // what was refused neither leaves nor is released
  });

  test('without a name is named by its label', async () => {
    const gate = spyGate({ answer: () => new Rejection('no') });
    expect(await errorOf(pipeline('p', spyGate(), gate).run(() => 1))).toMatchObject({ policy: 'gate-2' });
  });

  test('keeps what it says of itself', async () => {
    const gate = spyGate({
      answer: () => new Rejection('no', { policy: 'own', pipeline: 'elsewhere', retryAfterMs: 5 }),
    });
    const error = await errorOf(pipeline('p', gate).run(() => 1));
    expect(error).toMatchObject({ policy: 'own', pipeline: 'elsewhere', retryAfterMs: 5 });
  });

  test('may say so later', async () => {
    const outer = spyGate();
    const gate = spyGate({ answer: async () => new Rejection('no') });
    expect(isRejection(await errorOf(pipeline('p', outer, gate).run(() => 1)))).toBe(true);
    expect(outer.learned).toEqual(['unused']);
    expect(gate.log).toEqual(['enter']);
  });

  test('may do so with a frozen Rejection, the same each time', async () => {
    const frozen = new Rejection('no');
    Object.freeze(frozen);
    const gate = spyGate({ answer: () => frozen });
    const subject = pipeline('p', retry({ retries: 2 }), gate);
    expect(await errorOf(subject.run(() => 1))).toBe(frozen);
    expect(await errorOf(subject.run(() => 1))).toBe(frozen);
    expect(gate.log).toEqual(['enter', 'enter']); // not tried again
  });

  test('is not tried again, as no rejection of the run itself is', async () => {
    const gate = spyGate({ answer: () => new Rejection('no') });
    const operation = vi.fn();
    await errorOf(pipeline('p', retry({ retries: 3 }), gate).run(operation));
    expect(gate.log).toEqual(['enter']);
    expect(operation).not.toHaveBeenCalled();
  });

  test('by throwing a Rejection is an error like any other: what enter throws is no refusal', async () => {
    const [outer, inner] = [spyGate(), spyGate()];
    const gate: Gate = {
      enter: () => {
        throw new Rejection('thrown');
      },
      leave: () => {},
    };
    const error = await errorOf(pipeline('p', outer, gate, inner).run(() => 1));
    expect((error as Error).message).toBe('thrown');
    expect(outer.learned).toEqual(['unused']);
    expect(inner.log).toEqual([]);
  });
});

describe("a gate of a user's own that throws", () => {
  test('from enter: an error, and gates already entered leave as unused', async () => {
    const [outer, inner] = [spyGate(), spyGate()];
    const operation = vi.fn();
    expect(await errorOf(pipeline('p', outer, throwing('enter'), inner).run(operation))).toBe(bug);
    expect(outer.learned).toEqual(['unused']);
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
    expect(inner.log).toEqual([]);
    expect(operation).not.toHaveBeenCalled();
  });

  test('from enter, later: the same', async () => {
    const [outer, inner] = [spyGate(), spyGate()];
    const gate = spyGate({ answer: () => Promise.reject(bug) });
    expect(await errorOf(pipeline('p', outer, gate, inner).run(() => 1))).toBe(bug);
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
    expect([gate.log, inner.log]).toEqual([['enter'], []]);
  });

  test.each(['leave', 'release'] as const)(
    'from %s: nobody else notices, and listener-error tells',
    async (where) => {
      const [outer, inner] = [spyGate(), spyGate()];
      const subject = pipeline('p', outer, throwing(where), inner);
      const heard: ListenerErrorEvent[] = [];
      subject.on('listener-error', (event) => heard.push(event));
      await expect(subject.run(() => 'v')).resolves.toBe('v');
      expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
      for (const { log } of [outer, inner]) expect(log.length).toBe(6);
      expect(heard).toEqual(Array.from({ length: 2 }, () => ({ policy: 'mine', pipeline: 'p', error: bug })));
    },
  );
});

describe("a gate of a user's own", () => {
  test('gets its own ticket back, and the same for both', async () => {
    const tickets = [
      Symbol('a'),
      undefined,
      null,
      0,
      () => 1,
      { then: 'not a function' },
      new Error('no Rejection'),
    ];
    const back: unknown[] = [];
    const gate: Gate = {
      enter: () => tickets.shift(),
      leave: (ticket) => back.push(ticket),
      release: (ticket) => void back.push(ticket),
    };
    const expected = tickets.flatMap((ticket) => [ticket, ticket]);
    const subject = pipeline('p', gate);
    while (tickets.length > 0) await subject.run(() => 1);
    expect(back).toEqual(expected);
  });

  test('need not have a release', async () => {
    const gate: Gate = { enter: () => 1, leave: () => {} };
    const faults: unknown[] = [];
    const subject = pipeline('p', gate).on('listener-error', ({ error }) => faults.push(error));
    await expect(subject.run(() => 'v')).resolves.toBe('v');
    expect(faults).toEqual([]);
  });

  test('keeps its this', async () => {
    class Counting implements Gate<number> {
      entered = 0;
      left = 0;
      released = 0;
      enter(): number {
        return ++this.entered;
      }
      leave(): void {
        this.left++;
      }
      release(): void {
        this.released++;
      }
    }
    const gate = new Counting();
    await pipeline('p', gate).run(() => 1);
    expect({ ...gate }).toEqual({ entered: 1, left: 1, released: 1 });
  });

  test('is told in order: entered from the outside in, left from the inside out', async () => {
    const log: string[] = [];
    const gates = ['a', 'b', 'c'].map((name) => spyGate({ name, log }));
    await pipeline('p', ...gates).run(() => void log.push('operation'));
    expect(log).toEqual([
      'a enter',
      'b enter',
      'c enter',
      'operation',
      'c leave',
      'c release',
      'b leave',
      'b release',
      'a leave',
      'a release',
    ]);
  });

  test('sees the call: attempt, pipeline, context and time left', async () => {
    const seen: unknown[] = [];
    const gate: Gate = {
      enter: ({ attempt, pipeline: name, context, remainingMs }) =>
        void seen.push([attempt, name, context, remainingMs]),
      leave: () => {},
    };
    await pipeline('p', gate).run(() => 1, { context: 'c' });
    expect(seen).toEqual([[1, 'p', 'c', Infinity]]);
  });
});
