/** What lines are written to: pino, the console, and loggers that misbehave. */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bulkhead, circuitBreaker, pipeline, type Timer } from 'holdfast';
import { type Logger, logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import pino from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { flush } from '../../support/jobs.ts';
import { errorOf } from '../../support/spies.ts';
import { down, Log } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A circuit that opens and rejects, and what is written of it meanwhile. */
async function outage(logger: Logger, options = {}): Promise<void> {
  const clock = new VirtualClock();
  const subject = pipeline({ name: 'payments', clock }, circuitBreaker({ consecutiveFailures: 1 }));
  const stop = logEvents([subject], logger, { clock, ...options });
  expect(await errorOf(subject.run(() => Promise.reject(down)))).toBe(down);
  expect(await errorOf(subject.run(() => 1))).toMatchObject({ code: 'HOLDFAST_CIRCUIT_OPEN' });
  await clock.advance(1_000);
  stop();
}

function pinoTo(options: pino.LoggerOptions = {}) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, ...options }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}

describe('pino', () => {
  test('writes the lines, each with its level and message', async () => {
    const { logger, lines } = pinoTo();
    await outage(logger);
    expect(lines).toMatchObject([
      {
        level: 40,
        event: 'holdfast.circuit.opened',
        pipeline: 'payments',
        errorCode: 'ECONNREFUSED',
        msg: 'payments: circuit-breaker opened',
      },
      {
        level: 40,
        event: 'holdfast.circuit.rejected',
        count: 1,
        msg: 'payments: circuit-breaker rejects calls',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('may be a child, with what is bound to it', async () => {
    const { logger, lines } = pinoTo();
    await outage(logger.child({ component: 'holdfast' }));
    expect(lines.map(({ component }) => component)).toEqual(['holdfast', 'holdfast']);
  });

  test('leaves out what is below its level', async () => {
    const { logger, lines } = pinoTo({ level: 'error' });
    await outage(logger);
    expect(lines).toEqual([]);
  });

  test('writes the error with its own serializer where it is asked for', async () => {
    const { logger, lines } = pinoTo();
    await outage(logger, { includeErrors: true });
    expect(lines[0]?.err).toMatchObject({ type: 'Error', message: down.message, code: 'ECONNREFUSED' });
  });

  test('may write asynchronously', async () => {
    const module = `
      import pino from 'pino';
      import { bulkhead, pipeline } from 'holdfast';
      import { logEvents } from 'holdfast/logging';
      const logger = pino(pino.destination({ dest: 1, sync: false, minLength: 4096 }));
      const none = pipeline('none', bulkhead({ concurrency: 0 }));
      const stop = logEvents([none], logger);
      for (let i = 0; i < 10_000; i++) await none.run(() => 1).catch(() => {});
      stop();
      logger.flush();
    `;
    const flags = ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...flags,
      ...['--input-type=module', '--eval', module],
    ]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeLessThan(10);
    expect(lines.reduce((sum, { count }) => sum + Number(count), 0)).toBe(10_000);
  }, 30_000);
});

describe('the console', () => {
  test('writes JSON lines through four functions', async () => {
    const write = vi.spyOn(console, 'log').mockImplementation(() => {});
    const json = (level: string) => (fields: object, msg: string) =>
      console.log(JSON.stringify({ level, msg, ...fields }));
    const logger = { debug: json('debug'), info: json('info'), warn: json('warn'), error: json('error') };
    await outage(logger);
    const lines = write.mock.calls.map(([line]) => JSON.parse(String(line)) as object);
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'payments: circuit-breaker opened', errorName: 'Error', retryAfterMs: 5_000 },
      { level: 'warn', event: 'holdfast.circuit.rejected', count: 1 },
    ]);
  });

  test('is a logger itself, for the eyes of a developer', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await outage(console);
    expect(warn.mock.calls.map(([, message]) => message)).toEqual([
      'payments: circuit-breaker opened',
      'payments: circuit-breaker rejects calls',
    ]);
  });
});

describe('a logger that misbehaves', () => {
  const every = (write: () => unknown): Logger => ({ debug: write, info: write, warn: write, error: write });

  test.each([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['gives a promise that rejects', () => Promise.reject(new Error('disk full'))],
    [
      'gives what throws when it is looked at',
      () => ({
        get then() {
          throw new Error('disk full');
        },
      }),
    ],
  ])('and %s changes no call, and is reported once', async (_what, write) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    await outage(every(write));
    await outage(every(write)); // another one
    await flush();
    expect(error.mock.calls).toEqual([
      ['holdfast: the logger given to logEvents threw:', new Error('disk full')],
      ['holdfast: the logger given to logEvents threw:', new Error('disk full')],
    ]);
  });

  test('does not keep the next line from being written', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const log = new Log();
    let first = true;
    const warn = (fields: object, message: string): void => {
      if (first) {
        first = false;
        throw new Error('once');
      }
      log.warn(fields, message);
    };
    await outage({ ...log, warn });
    expect(log.events).toEqual(['holdfast.circuit.rejected']);
  });

  test('keeps other listeners from nothing', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const clock = new VirtualClock();
    const breaker = circuitBreaker();
    const subject = pipeline({ name: 'p', clock }, breaker);
    const faults: unknown[] = [];
    const states: string[] = [];
    logEvents(
      [subject],
      every(() => {
        throw new Error('disk full');
      }),
      { clock },
    );
    subject.on('state', ({ to }) => states.push(to));
    subject.on('listener-error', ({ error }) => faults.push(error));
    breaker.open();
    expect([states, faults]).toEqual([['open'], []]);
  });

  test('by taking its time is waited for by nobody', async () => {
    let ended = 0;
    const slow = () =>
      new Promise<void>((resolve) =>
        setImmediate(() => {
          ended++;
          resolve();
        }),
      );
    const clock = new VirtualClock();
    const breaker = circuitBreaker();
    logEvents([pipeline({ name: 'p', clock }, breaker)], every(slow), { clock });
    breaker.open();
    breaker.close();
    expect(ended).toBe(0);
    await flush();
    await flush();
    expect(ended).toBe(2);
  });
});

describe("the caller's async context", () => {
  const request = new AsyncLocalStorage<string>();
  const contexts = () => {
    const seen: unknown[] = [];
    const write = (fields: object) =>
      seen.push([(fields as { event: string }).event.slice('holdfast.'.length), request.getStore()]);
    return { seen, logger: { debug: write, info: write, warn: write, error: write } };
  };

  /** As the runtime's: a timer runs in the context in which it was set, whoever moves time. */
  class BindingClock extends VirtualClock {
    override setTimer(ms: number, fn: () => void): Timer {
      return super.setTimer(ms, AsyncResource.bind(fn));
    }
  }

  test('is that of the lines which its own run caused, and not that of a sum over many', async () => {
    const { seen, logger } = contexts();
    const clock = new BindingClock();
    const subject = pipeline({ name: 'p', clock }, circuitBreaker({ consecutiveFailures: 1 }), bulkhead());
    request.run('set-up', () => logEvents([subject], logger, { clock }));
    for (const second of ['one', 'two']) {
      await request.run(second, () => errorOf(subject.run(() => Promise.reject(down))));
      await clock.advance(1_500);
    }
    expect(seen).toEqual([
      ['circuit.opened', 'one'],
      ['circuit.rejected', 'set-up'],
    ]);
    await request.run('three', () => errorOf(subject.run(() => 1)));
    await clock.advance(1_500);
    expect(seen.at(-1)).toEqual(['circuit.rejected', 'set-up']);
  });
});

test.each([
  [
    'no logger',
    undefined,
    /^logEvents: logger must be a logger with debug, info, warn and error, got undefined/,
  ],
  ['a logger that lacks a level', { info() {}, warn() {}, error() {} }, /logger must be a logger with debug/],
])('%s is a mistake that is said at once', (_what, logger, message) => {
  expect(() => logEvents([pipeline('p')], logger as never)).toThrow(message);
});

test('bad options and sources are mistakes too', () => {
  const log = new Log();
  expect(() => logEvents([pipeline('p')], log, { maxLines: 0 })).toThrow(
    'logEvents: maxLines must be an integer >= 1, got 0',
  );
  expect(() => logEvents([pipeline('p')], log, { includeErrors: 1 as never })).toThrow(TypeError);
  expect(() => logEvents([pipeline('p')], log, { level: 'warn' } as never)).toThrow('unknown option "level"');
  expect(() => logEvents(pipeline('p') as never, log)).toThrow(
    'logEvents: pipelines must be an array, or another iterable, of pipelines and of what keyed() returned',
  );
  expect(() => logEvents([circuitBreaker()] as never, log)).toThrow(
    'logEvents: pipelines: number 1 must be a pipeline, or what keyed() returned, got an instance of CircuitBreaker',
  );
});

test('a mistake leaves no listener behind', () => {
  const subject = pipeline('p');
  expect(() => logEvents([subject, 7 as never], new Log())).toThrow(TypeError);
  expect(subject.heard('reject')).toBe(false);
});
