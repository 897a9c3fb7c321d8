/** A real timeout in a pipeline between two gates, with everything written down that anybody is told. */
import type { Call } from '../../../src/core/call.ts';
import { TimeoutError } from '../../../src/core/errors.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import type { Gate } from '../../../src/core/policy.ts';
import { pipeline } from '../../../src/pipeline/pipeline.ts';
import { timeout } from '../../../src/policies/timeout.ts';
import { agree } from '../agree.ts';
import { WatchedClock } from '../watched-clock.ts';
import type { End, ModelRules, NaiveTimeout } from './model.ts';

const BOOM = new Error('boom');
const REASON = new Error('enough');

const said = (error: unknown): string => {
  if (error === BOOM) return 'error';
  if (error === REASON) return 'aborted';
  if (!(error instanceof TimeoutError)) return String(error);
  return `${error.policy}${error.cause === undefined ? '' : ` after ${said(error.cause)}`}`;
};

const saidOf = (outcome: Outcome | 'unused'): string => {
  if (outcome === 'unused') return outcome;
  return outcome.ok ? 'value' : said(outcome.error);
};

/** What an operation that takes its time returns. */
export type Returned = 'promise' | 'thenable';

const thenable = <T>(promise: Promise<T>): PromiseLike<T> => ({
  then: (...on) => promise.then(...on),
});

/** A call on the real timeout. */
class RealCall {
  readonly caller = new AbortController();
  readonly outer: string[] = [];
  readonly inner: string[] = [];
  told: string | undefined = undefined;
  error: unknown = undefined;
  call: Call | undefined = undefined;
  end: (how: End) => void = () => {};
  readonly #returns: Returned;
  readonly #ends: End | undefined;

  constructor(returns: Returned, ends: End | undefined) {
    this.#returns = returns;
    this.#ends = ends;
  }

  readonly operation = (call: Call): PromiseLike<string> | string => {
    this.call = call;
    if (this.#ends === 'value') return this.#ends;
    if (this.#ends === 'error') throw BOOM;
    const promise = new Promise<string>((resolve, reject) => {
      this.end = (how) => (how === 'value' ? resolve(how) : reject(BOOM));
    });
    return this.#returns === 'promise' ? promise : thenable(promise);
  };

  look(): void {
    void this.call?.signal;
  }

  abort(): void {
    this.caller.abort(REASON);
  }
}

/** Writes down, in the call that its run was given as context, what it is told. */
class Scribe implements Gate<RealCall> {
  readonly name: 'outer' | 'inner';

  constructor(name: 'outer' | 'inner') {
    this.name = name;
  }

  enter({ context }: Call): RealCall {
    return context as RealCall;
  }

  leave(call: RealCall, outcome: Outcome | 'unused', running: boolean): void {
    call[this.name].push(saidOf(outcome) + (running ? ', running' : ''));
  }

  release(call: RealCall): void {
    call[this.name].push('release');
  }
}

/** The run's own limit, or another timeout further out: there is to be no difference. */
export type DeadlineBy = 'run' | 'policy';

export class RealTimeout {
  readonly clock = new WatchedClock();
  readonly calls: RealCall[] = [];
  readonly events: string[] = [];
  readonly #returns: Returned;
  readonly #start: (call: RealCall) => Promise<string>;

  constructor({ ms, mode, deadlineMs }: ModelRules, deadlineBy: DeadlineBy, returns: Returned) {
    this.#returns = returns;
    const { clock } = this;
    const limit = timeout({ ms, mode });
    const [outer, inner] = [new Scribe('outer'), new Scribe('inner')];
    const line =
      deadlineBy === 'run'
        ? pipeline({ name: 'line', clock }, outer, limit, inner)
        : pipeline(
            { name: 'line', clock },
            outer,
            timeout({ ms: deadlineMs, name: 'deadline' }),
            limit,
            inner,
          );
    line.on('timeout', ({ policy }) => this.events.push(policy));
    const timeoutMs = deadlineBy === 'run' ? deadlineMs : Infinity;
    this.#start = (call) =>
      line.run(call.operation, { signal: call.caller.signal, timeoutMs, context: call });
  }

  start(ends?: End): void {
    const call = new RealCall(this.#returns, ends);
    this.calls.push(call);
    this.#start(call).then(
      (value) => {
        call.told = value;
      },
      (error) => {
        call.told = said(error);
        call.error = error;
      },
    );
  }

  check(model: NaiveTimeout): void {
    const { calls, clock, events } = this;
    agree('the events', events.join(), model.events.join());
    for (const [number, expected] of model.calls.entries()) {
      const of = `of call ${number + 1}`;
      const { told, outer, inner, error, call } = calls[number]!;
      agree(`what the caller ${of} is told`, told, expected.told);
      agree(`what the gate further out is told ${of}`, outer.join(), expected.outer.join());
      agree(`what the gate further in is told ${of}`, inner.join(), expected.inner.join());
      // Whoever has not looked until now is told the same.
      const { aborted, reason } = call!.signal;
      agree(`whether the signal ${of} is aborted`, aborted, expected.signal !== undefined);
      if (told?.startsWith(`${expected.signal}`)) agree(`the reason ${of} is the error`, reason, error);
      else if (aborted) agree(`the reason ${of}`, said(reason), expected.signal);
    }
    const waiting = model.which((call) => Number.isFinite(model.dueAt(call))).length;
    agree('timers that keep the process alive', clock.pendingTimers > 0, waiting > 0);
  }
}
