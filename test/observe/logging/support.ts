/** A logger that keeps its lines, and holds them to the table; and pipelines that something happens to. */
import assert from 'node:assert/strict';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Pipeline,
  pipeline,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { type Logger, type LogOptions, logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';
import { COMMON_FIELDS, LINES, type LogEvent } from '../../../src/observe/logging/lines.ts';
import { watch } from '../../support/spies.ts';

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class Log implements Logger {
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');
  readonly #lines: Line[] = [];

  #writer(level: string) {
    return (fields: object, message: string): void =>
      void this.#lines.push({ level, message, fields: fields as Line['fields'] });
  }

  // Checked where they are read: what a logger throws would reach no test.
  get lines(): readonly Line[] {
    for (const line of this.#lines) check(line);
    return this.#lines;
  }

  /** The lines with this event. */
  of(event: string): Line[] {
    return this.lines.filter(({ fields }) => fields.event === `holdfast.${event}`);
  }

  get events(): unknown[] {
    return this.lines.map(({ fields }) => fields.event);
  }
}

/** Holds a line to the table. */
function check({ level, fields }: Line): void {
  const kind = LINES[fields.event as LogEvent];
  const allowed: readonly string[] = [...COMMON_FIELDS, ...kind.fields];
  assert.equal(level, kind.level, `the level of ${fields.event}`);
  for (const [name, value] of Object.entries(fields)) {
    assert(allowed.includes(name), `${name} is no field of ${fields.event}`);
    assert(value !== undefined, `${name} of ${fields.event} is undefined`);
  }
}

export const down = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), {
  code: 'ECONNREFUSED',
  config: { headers: { authorization: 'Bearer secret' } },
});

const fail = () => Promise.reject(down);

export function setUp(options: LogOptions = {}) {
  const clock = new VirtualClock({ startMs: 5_000 });
  const log = new Log();
  const breaker = circuitBreaker({ minimumCalls: 4, failureRate: 0.5, openMs: 5_000 });
  const payments = pipeline({ name: 'payments', clock }, breaker);
  const stop = logEvents([payments], log, { clock, ...options });
  const run = (...outcomes: ('ok' | 'fail')[]) => {
    for (const outcome of outcomes) watch(payments.run(outcome === 'ok' ? () => 1 : fail));
    return clock.advance(0);
  };
  return { clock, log, breaker, payments, stop, run };
}

/** For each event, a script that causes it and a pipeline to which it happens. */
export const causes = {
  'circuit.opened': (clock: VirtualClock) => {
    const subject = pipeline(
      { name: 'p', clock },
      circuitBreaker({ consecutiveFailures: 1, observeOnly: true }),
    );
    return { subject, cause: () => subject.run(fail) };
  },
  'circuit.half-open': (clock: VirtualClock) => {
    const subject = pipeline(
      { name: 'p', clock },
      circuitBreaker({ consecutiveFailures: 1, openMs: 100, observeOnly: true }),
    );
    const cause = async () => {
      watch(subject.run(fail));
      await clock.advance(200);
      watch(subject.run(() => new Promise(() => {})));
    };
    return { subject, cause };
  },
  'circuit.closed': (clock: VirtualClock) => {
    const breaker = circuitBreaker({ observeOnly: true });
    const subject = pipeline({ name: 'p', clock }, breaker);
    const cause = () => {
      breaker.open();
      breaker.close();
    };
    return { subject, cause };
  },
  'circuit.isolated': (clock: VirtualClock) => {
    const breaker = circuitBreaker({ observeOnly: true });
    return { subject: pipeline({ name: 'p', clock }, breaker), cause: () => breaker.isolate('ticket 7') };
  },
  'circuit.rejected': (clock: VirtualClock) => {
    const subject = pipeline(
      { name: 'p', clock },
      circuitBreaker({ consecutiveFailures: 1, observeOnly: true }),
    );
    const cause = async () => {
      watch(subject.run(fail));
      await clock.advance(0);
      watch(subject.run(fail));
    };
    return { subject, cause };
  },
  'bulkhead.rejected': (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, bulkhead({ concurrency: 0 }));
    return { subject, cause: () => subject.run(fail) };
  },
  'bulkhead.abandoned': (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10 }), bulkhead());
    return { subject, cause: () => subject.run(() => new Promise(() => {})) };
  },
  'bulkhead.reclaimed': (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10 }), bulkhead({ reclaimMs: 20 }));
    return { subject, cause: () => subject.run(() => new Promise(() => {})) };
  },
  timeout: (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10 }));
    return { subject, cause: () => subject.run(() => new Promise(() => {})) };
  },
  retry: (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 1, backoff: constant(50) }));
    return { subject, cause: () => subject.run(fail) };
  },
  'retry.exhausted': (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 1, backoff: constant(50) }));
    return { subject, cause: () => subject.run(fail) };
  },
  'retry.budget-spent': (clock: VirtualClock) => {
    const budget = retryBudget({ ratio: 0, minPerSecond: 0, burst: 1 });
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 2, budget, backoff: constant(50) }));
    return { subject, cause: () => subject.run(fail) };
  },
  fallback: (clock: VirtualClock) => {
    const subject = pipeline({ name: 'p', clock }, fallback('plan b'));
    return { subject, cause: () => subject.run(fail) };
  },
  'listener-error': (clock: VirtualClock) => {
    const judge = () => {
      throw down;
    };
    const subject = pipeline({ name: 'p', clock }, circuitBreaker({ judge }));
    return { subject, cause: () => subject.run(() => 1) };
  },
} satisfies Record<
  string,
  (clock: VirtualClock) => { subject: Pipeline<unknown, object>; cause: () => unknown }
>;

/** The lines that the script of an event leads to. */
export async function linesFor(event: keyof typeof causes, options: LogOptions = {}): Promise<Line[]> {
  const clock = new VirtualClock();
  const log = new Log();
  const { subject, cause } = causes[event](clock);
  logEvents([subject], log, { clock, ...options });
  watch(Promise.resolve(cause()));
  await clock.advance(3_000);
  return log.of(event);
}
