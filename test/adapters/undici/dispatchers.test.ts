/** Dispatchers that do what undici's own do not, or not at will: each step of an answer is given by hand. */
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { describe, expect, test } from 'vitest';
import { resilience } from '../../../src/adapters/undici/index.ts';
import {
  circuitBreaker,
  constant,
  type Layer,
  type Pipeline,
  pipeline,
  retry,
  timeout,
} from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';

type Handler = Required<Dispatcher.DispatchHandler>;
type Policies = Parameters<typeof pipeline>[1][];

/** What undici would hand to each attempt. */
class Line implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly handler: Handler;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.handler = handler as Handler;
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  answer(statusCode: number, ...chunks: string[]): void {
    this.handler.onResponseStart(this, statusCode, {}, '');
    this.data(...chunks);
  }

  data(...chunks: string[]): void {
    for (const chunk of chunks) this.handler.onResponseData(this, Buffer.from(chunk));
  }

  end(): void {
    this.handler.onResponseEnd(this, {});
  }
}

const microtasks = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await undefined;
};
const settled = (): Promise<void> => new Promise(setImmediate);

/** Begins a request: its attempts, what its handler is told, and its controller. */
function begin(policies: Policies, overrides: Partial<Dispatcher.DispatchHandler> = {}, init: object = {}) {
  const lines: Line[] = [];
  const told: unknown[] = [];
  const given: { controller?: Dispatcher.DispatchController } = {};
  const api = pipeline('api', ...policies) as unknown as Pipeline;
  const dispatch = resilience({ pipeline: api })((_, handler) => {
    const line = new Line(handler);
    lines.push(line);
    line.handler.onRequestStart(line, undefined);
    return true;
  });
  const options = { origin: 'http://a.example', path: '/', method: 'GET', ...init } as const;
  dispatch(options, {
    onRequestStart: (controller) => {
      given.controller = controller;
    },
    onResponseStart: (controller, status, ...rest) => {
      told.push(status);
      overrides.onResponseStart?.(controller, status, ...rest);
    },
    onResponseData: (controller, chunk) => {
      told.push(String(chunk));
      overrides.onResponseData?.(controller, chunk);
    },
    onResponseEnd: () => void told.push('end'),
    onResponseError: (_, error) => void told.push(error),
  });
  return { lines, told, controller: given.controller! };
}

const reason = new Error('gone');

describe.each(['nothing has come', 'the answer has come', 'all of it has come'])(
  'an abort a few steps after %s',
  (when) => {
    test.each(Array.from({ length: 24 }, (_, steps) => [steps]))('%d', async (steps) => {
      const { lines, told, controller } = begin([retry()]);
      const [line] = lines as [Line];
      if (when !== 'nothing has come') line.answer(200, 'ok');
      if (when === 'all of it has come') line.end();
      await microtasks(steps);
      const before = [...told];
      controller.abort(reason);
      await settled();
      // Whatever was told before, the reason comes next and last; unless the end came first.
      expect(told).toEqual(before.includes('end') ? [200, 'ok', 'end'] : [...before, reason]);
      expect(line.aborted).toBe(when !== 'all of it has come');
    });
  },
);

test('a dispatcher that goes on after an abort has no listener any more', async () => {
  const { lines, told, controller } = begin([retry()]);
  controller.abort(reason);
  await settled();
  const [line] = lines as [Line];
  line.answer(103);
  line.answer(200, 'late');
  line.end();
  line.handler.onResponseStarted();
  line.handler.onResponseError(line, new Error('late'));
  await settled();
  expect(told).toEqual([reason]);
  expect(line.reason).toBe(reason);
});

test('an attempt that was given up is heard no more', async () => {
  const clock = new VirtualClock();
  const { lines, told } = begin([retry({ backoff: constant(0), clock }), timeout({ ms: 100, clock })]);
  await clock.advance(100);
  lines[0]!.answer(103);
  lines[0]!.answer(200, 'late');
  lines[1]!.answer(200, 'in time');
  lines[1]!.end();
  await settled();
  expect(lines[0]!.reason).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
  expect(told).toEqual([200, 'in time', 'end']);
});

test('no interim answer comes between an abort and its error', async () => {
  const { lines, told, controller } = begin([retry()]);
  controller.abort(reason);
  lines[0]!.answer(103);
  await settled();
  expect(told).toEqual([reason]);
});

test('what comes before the run has ended is kept up to a limit, then it pauses', async () => {
  const { lines, told } = begin([retry({ backoff: constant(3_600_000) })]);
  const [line] = lines as [Line];
  line.answer(503, 'x'.repeat(65_536));
  await settled();
  expect(line.paused).toBe(false);
  line.data('x');
  expect(line.paused).toBe(true);
  expect(told).toEqual([]);
});

test('a handler that has paused before there is an answer is not sent all of it', async () => {
  const { lines, told, controller } = begin([retry()]);
  controller.pause();
  const [line] = lines as [Line];
  line.answer(200, 'x');
  while (told.length < 1) await settled();
  expect(line.paused).toBe(true);
  controller.resume();
  expect(line.paused).toBe(false);
  expect(told.slice(1)).toEqual(['x']);
});

test('what was held up at the limit goes on once the handler has its answer', async () => {
  const { lines, told } = begin([retry(), circuitBreaker({ consecutiveFailures: 1 })]);
  const [line] = lines as [Line];
  line.answer(503, 'x'.repeat(65_537));
  expect(line.paused).toBe(true);
  while (told.length < 2) await settled();
  expect(line.paused).toBe(false);
  line.data('y');
  line.end();
  expect(told.slice(2)).toEqual(['y', 'end']);
});

test('pause and resume reach the dispatcher, and no chunk is handed on inside another', async () => {
  let inside = 0;
  let deepest = 0;
  const { lines, told, controller } = begin([retry()], {
    onResponseStart: (each) => each.pause(),
    onResponseData: (each) => {
      inside++;
      deepest = Math.max(deepest, inside);
      each.pause();
      each.resume();
      inside--;
    },
  });
  const [line] = lines as [Line];
  line.answer(200, 'a', 'b', 'c');
  await settled();
  expect([told, line.paused]).toEqual([[200], true]);
  controller.resume();
  expect([told, line.paused]).toEqual([[200, 'a', 'b', 'c'], false]);
  line.data('d');
  line.end();
  expect(told).toEqual([200, 'a', 'b', 'c', 'd', 'end']);
  expect(deepest).toBe(1);
});

test('an error of the body does not wait for a handler that has paused', async () => {
  const { lines, told } = begin([retry()], { onResponseStart: (each) => each.pause() });
  const [line] = lines as [Line];
  line.answer(200, 'a');
  await settled();
  line.handler.onResponseError(line, reason);
  expect(told).toEqual([200, reason]);
});

test('a dispatcher that says an error and throws it too ends the request once', async () => {
  const told: unknown[] = [];
  const api = pipeline('api', retry({ retries: 0 })) as unknown as Pipeline;
  const dispatch = resilience({ pipeline: api })((_, handler) => {
    handler.onResponseError?.(undefined as never, reason);
    throw reason;
  });
  dispatch(
    { origin: 'http://a.example', path: '/', method: 'GET' },
    { onRequestStart() {}, onResponseError: (_, error) => void told.push(error) },
  );
  await settled();
  expect(told).toEqual([reason]);
});

test("of an answer that was given up for another, and is the run's all the same, there is no body", async () => {
  const first: Layer = {
    name: 'first',
    around: (next) => async (operation, call) => {
      const value = await next(operation, call);
      await next(operation, call);
      return value;
    },
  };
  const { lines, told } = begin([first]);
  lines[0]!.answer(200, 'first');
  while (lines.length < 2) await settled();
  lines[0]!.data('late');
  lines[1]!.answer(200, 'second');
  while (told.length < 2) await settled();
  expect(told).toEqual([200, new Error('Another answer than this one is read')]);
  expect(lines[1]!.aborted).toBe(true);
});

test("a stream that was never begun, since a gate refused, is still the caller's", async () => {
  const breaker = circuitBreaker();
  breaker.open();
  const body = Readable.from(['payload']);
  const { lines, told } = begin([breaker], {}, { method: 'PUT', body });
  await settled();
  expect(lines).toEqual([]);
  expect(told).toMatchObject([{ code: 'HOLDFAST_CIRCUIT_OPEN' }]);
  expect([body.destroyed, body.listenerCount('error')]).toEqual([false, 0]);
  expect(await body.toArray()).toEqual(['payload']);
});
