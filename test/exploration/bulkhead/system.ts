/**
 * The real bulkhead, its queue included, beside the naive one. What waits there are promises, which cannot be copied:
 * so each sequence of events is played from the start, on a bulkhead of its own, and in the end it is emptied, to see
 * that who waited comes in the right order and that nothing is left.
 */
import type { Bulkhead, BulkheadOptions } from '../../../src/policies/bulkhead/bulkhead.ts';
import type { BulkheadPermit } from '../../../src/policies/bulkhead/permit.ts';
import { agree } from '../agree.ts';
import { copyOf } from '../copy.ts';
import type { System } from '../explore.ts';
import { WatchedClock } from '../watched-clock.ts';
import { type Call, type Limits, type ModelRules, NaiveBulkhead } from './model.ts';

export interface BulkheadConfig {
  readonly name: string;
  readonly rules: ModelRules;
  /** It starts with the first, and may be resized to each. */
  readonly limits: readonly Limits[];
  /** Calls at the same time, at most: waiting, running, or running on after they were given up. */
  readonly calls: number;
}

type BulkheadEvent =
  | { readonly do: 'call' | 'permit' }
  | { readonly do: 'end' | 'abort'; readonly call: number }
  | { readonly do: 'resize'; readonly to: Limits }
  | { readonly do: 'pass'; readonly ms: number };

interface Played {
  readonly path: readonly BulkheadEvent[];
  readonly model: NaiveBulkhead;
  readonly nowMs: number;
  /** Which timers are set: also those that are left from who waits no more, and so no part of the model. */
  readonly timers: string;
}

/** A call on the real bulkhead. */
interface RealCall {
  readonly end: () => void;
  readonly abort: () => void;
  started: boolean;
  told: string | undefined;
}

class RealBulkhead {
  readonly clock = new WatchedClock();
  readonly bulkhead: Bulkhead;
  readonly calls: RealCall[] = [];
  /** The numbers of calls in the order of their admission. */
  readonly admitted: number[] = [];

  constructor(make: MakeBulkhead, { rules, limits }: BulkheadConfig) {
    this.bulkhead = make({ ...limits[0]!, ...rules, clock: this.clock });
  }

  async play(event: BulkheadEvent): Promise<void> {
    const { bulkhead, calls } = this;
    if (event.do === 'call') this.#call();
    else if (event.do === 'permit') this.#take(bulkhead.tryAcquire());
    else if (event.do === 'resize') bulkhead.resize(event.to);
    else if (event.do === 'end' || event.do === 'abort') calls[event.call]?.[event.do]();
    await this.clock.advance(event.do === 'pass' ? event.ms : 0);
  }

  #call(): void {
    const caller = new AbortController();
    let end = (): void => {};
    const work = new Promise<void>((resolve) => {
      end = resolve;
    });
    const number = this.calls.length;
    const call: RealCall = { end, abort: () => caller.abort('aborted'), started: false, told: undefined };
    this.calls.push(call);
    const operation = (): Promise<void> => {
      call.started = true;
      this.admitted.push(number);
      return work;
    };
    this.bulkhead.run(operation, { signal: caller.signal }).then(
      () => {
        call.told = 'done';
      },
      (error) => {
        call.told = error.reason ?? error;
      },
    );
  }

  #take(permit: BulkheadPermit | undefined): void {
    const call: RealCall = {
      started: permit !== undefined,
      told: permit === undefined ? 'full' : undefined,
      abort: () => {},
      end() {
        permit?.release();
        call.told = 'done';
      },
    };
    this.calls.push(call);
  }

  check(model: NaiveBulkhead): void {
    const { bulkhead, clock, calls } = this;
    for (const [number, { started, told }] of model.calls.entries()) {
      agree(`whether call ${number + 1} was admitted`, calls[number]?.started, started);
      agree(`what the caller of call ${number + 1} is told`, calls[number]?.told, told);
    }
    const holding = model.holding.length;
    agree('calls in flight', bulkhead.inFlight, holding);
    agree('calls that wait', bulkhead.queued, model.waiting.length);
    const givenUp = model.which(({ state }) => state === 'given up').length;
    agree('places of work that was given up', bulkhead.abandoned, givenUp);
    agree(
      'a waiter beside a free place',
      bulkhead.queued > 0 && holding < bulkhead.limits.concurrency,
      false,
    );
    const timers = model.waiting.length > 0 && model.rules.queueTimeoutMs !== Infinity ? 1 : 0;
    agree('timers that keep the process alive', clock.pendingTimers, timers);
  }

  /** Lets all that wait come in, and all that run end. */
  async empty(model: NaiveBulkhead): Promise<void> {
    const { bulkhead, calls, clock, admitted } = this;
    const before = admitted.length;
    bulkhead.resize({ concurrency: calls.length });
    await clock.advance(0);
    const order = (numbers: readonly number[]): string => numbers.map((number) => number + 1).join();
    agree('those that wait, in the order of admission', order(admitted.slice(before)), order(model.waiting));
    for (const number of model.which(({ state }) => state !== 'over')) calls[number]?.end();
    await clock.advance(0);
    agree('calls in flight in the end', bulkhead.inFlight, 0);
    agree('given up in the end', bulkhead.abandoned, 0);
  }
}

export type MakeBulkhead = (options: BulkheadOptions) => Bulkhead;

export function bulkheadSystem(config: BulkheadConfig, make: MakeBulkhead): System<Played, BulkheadEvent> {
  const { rules, limits } = config;

  return {
    initial: { path: [], model: new NaiveBulkhead(rules, limits[0]!), nowMs: 0, timers: '' },

    events({ model, nowMs }) {
      const events: BulkheadEvent[] = [];
      const alive = model.which(({ state }) => state !== 'over');
      if (alive.length < config.calls) events.push({ do: 'call' }, { do: 'permit' });
      for (const number of firstOfEachKind(model, nowMs)) {
        const { state, permit } = model.calls[number]!;
        if (state !== 'waiting') events.push({ do: 'end', call: number });
        if (state === 'waiting' || (state === 'running' && !permit))
          events.push({ do: 'abort', call: number });
      }
      for (const to of limits) events.push({ do: 'resize', to });
      const ends = model.calls.map((call) => model.dueAt(call)).filter(Number.isFinite);
      const { tieAt } = model;
      const times = new Set(ends.flatMap((end) => [end - 1, end, end + 1]));
      for (const time of times)
        if (time > nowMs && time < tieAt) events.push({ do: 'pass', ms: time - nowMs });
      return events;
    },

    async after(before, event) {
      const path = [...before.path, event];
      const model = copyOf(before.model);
      const nowMs = before.nowMs + (event.do === 'pass' ? event.ms : 0);
      happen(model, event, nowMs);
      const real = new RealBulkhead(make, config);
      for (const each of path) await real.play(each);
      real.check(model);
      const { timers } = real.clock;
      await real.empty(model);
      return { path, model, nowMs, timers };
    },

    key({ model, nowMs, timers }) {
      const { concurrency, queue } = model.limits;
      const codes = model.calls.map((call) => codeOf(model, call, nowMs));
      const others = codes.filter((code) => code > RETURNED && !isWaiting(code)).sort();
      const returned = codes.includes(RETURNED);
      return [
        concurrency,
        queue,
        returned,
        ...codes.filter(isWaiting),
        'others',
        ...others,
        'timers',
        timers,
      ].join();
    },

    say(event) {
      switch (event.do) {
        case 'call':
          return 'a call comes';
        case 'permit':
          return 'a permit is asked for';
        case 'end':
          return `call ${event.call + 1} ends`;
        case 'abort':
          return `the caller of call ${event.call + 1} aborts`;
        case 'resize':
          return `resize to ${event.to.concurrency} places and a queue of ${event.to.queue}`;
        case 'pass':
          return `${event.ms} ms pass`;
      }
    },
  };
}

function happen(model: NaiveBulkhead, event: BulkheadEvent, nowMs: number): void {
  if (event.do === 'call') model.arrive(nowMs);
  else if (event.do === 'permit') model.take();
  else if (event.do === 'end') model.end(event.call);
  else if (event.do === 'abort') model.abort(event.call, nowMs);
  else if (event.do === 'resize') model.resize(event.to);
  else model.pass(nowMs);
}

/** A call as what may become of it: by its state, whether it is a permit, and how much time it has left. */
function codeOf(model: NaiveBulkhead, call: Call, nowMs: number): number {
  const leftMs = model.dueAt(call) - nowMs;
  const state = STATES.indexOf(call.state);
  if (call.state === 'over') return Number(call.permit && call.started);
  return 100 * state + (Number.isFinite(leftMs) ? 10 * leftMs : 0) + Number(call.permit);
}

const STATES = ['over', 'waiting', 'running', 'given up', 'reclaimed'];
/** Of a permit that was given back, which may be tried again. Nothing comes of any other call that is over. */
const RETURNED = 1;
const isWaiting = (code: number): boolean => code >= 100 && code < 200;

/** Of those from which nothing but the same can come, the first. */
function firstOfEachKind(model: NaiveBulkhead, nowMs: number): number[] {
  const codes = model.calls.map((call) => codeOf(model, call, nowMs));
  return codes.flatMap((code, number) =>
    code > 0 && (isWaiting(code) || codes.indexOf(code) === number) ? [number] : [],
  );
}
