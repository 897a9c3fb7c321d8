/**
 * The race between a result, a timeout, a deadline and the caller's abort, beside the naive one. What races are
 * promises, which cannot be copied: so each sequence of events is played from the start. Several calls share the
 * timeout, and with it one timer.
 */
import { copyOf } from '../copy.ts';
import type { System } from '../explore.ts';
import { type Call, type End, type ModelRules, NaiveTimeout } from './model.ts';
import { type DeadlineBy, RealTimeout, type Returned } from './real.ts';

export interface TimeoutConfig {
  readonly name: string;
  readonly rules: ModelRules;
  readonly deadlineBy: DeadlineBy;
  readonly returns: Returned;
  /** Calls at the same time, at most, with those that run on after they were given up. */
  readonly calls: number;
}

type TimeoutEvent =
  /** `ends`: before it has returned. */
  | { readonly do: 'start'; readonly ends?: End }
  | { readonly do: 'look' | 'abort'; readonly call: number }
  | { readonly do: 'end'; readonly call: number; readonly how: End }
  | { readonly do: 'pass'; readonly ms: number };

interface Played {
  readonly path: readonly TimeoutEvent[];
  readonly model: NaiveTimeout;
  readonly nowMs: number;
  /** Which timers are set. */
  readonly timers: string;
}

export function timeoutSystem({
  rules,
  deadlineBy,
  returns,
  calls,
}: TimeoutConfig): System<Played, TimeoutEvent> {
  return {
    initial: { path: [], model: new NaiveTimeout(rules), nowMs: 0, timers: '' },

    events({ model, nowMs }) {
      const events: TimeoutEvent[] = [];
      const codes = model.calls.map((call) => codeOf(model, call, nowMs));
      const alive = model.which(({ state }) => state !== 'over');
      if (alive.length < calls)
        events.push({ do: 'start' }, { do: 'start', ends: 'value' }, { do: 'start', ends: 'error' });
      for (const number of alive) {
        if (codes.indexOf(codes[number]!) !== number) continue;
        const { state, looked } = model.calls[number]!;
        events.push({ do: 'end', call: number, how: 'value' }, { do: 'end', call: number, how: 'error' });
        if (state !== 'given up') events.push({ do: 'abort', call: number });
        if (!looked) events.push({ do: 'look', call: number });
      }
      const edges = model.calls.map((call) => model.dueAt(call)).filter(Number.isFinite);
      const times = new Set(edges.flatMap((edge) => [edge - 1, edge, edge + 1]));
      for (const time of times) if (time > nowMs) events.push({ do: 'pass', ms: time - nowMs });
      return events;
    },

    async after(before, event) {
      const path = [...before.path, event];
      const model = copyOf(before.model);
      const nowMs = before.nowMs + (event.do === 'pass' ? event.ms : 0);
      if (event.do === 'start') model.start(nowMs, event.ends);
      else if (event.do === 'pass') model.pass(nowMs);
      else if (event.do === 'end') model.end(event.call, event.how);
      else model[event.do](event.call);

      const real = new RealTimeout(rules, deadlineBy, returns);
      for (const each of path) {
        if (each.do === 'start') real.start(each.ends);
        else if (each.do === 'end') real.calls[each.call]?.end(each.how);
        else if (each.do !== 'pass') real.calls[each.call]?.[each.do]();
        await real.clock.advance(each.do === 'pass' ? each.ms : 0);
      }
      real.check(model);
      return { path, model, nowMs, timers: real.clock.timers };
    },

    key({ model, nowMs, timers }) {
      const codes = model.calls.map((call) => codeOf(model, call, nowMs));
      return `${codes.filter((code) => code !== '').sort()} timers ${timers}`;
    },

    say(event) {
      switch (event.do) {
        case 'start':
          return event.ends === undefined
            ? 'a call starts'
            : `a call starts, and ends at once with ${SAID[event.ends]}`;
        case 'end':
          return `call ${event.call + 1} ends with ${SAID[event.how]}`;
        case 'look':
          return `call ${event.call + 1} looks at its signal`;
        case 'abort':
          return `the caller of call ${event.call + 1} aborts`;
        case 'pass':
          return `${event.ms} ms pass`;
      }
    },
  };
}

const SAID = { value: 'a value', error: 'an error' } as const;

/** A call as what may become of it; nothing, of one that is over. */
function codeOf(model: NaiveTimeout, call: Call, nowMs: number): string {
  if (call.state === 'over') return '';
  const { state, looked, signal } = call;
  return [state, looked, signal, model.dueAt(call) - nowMs].join(' ');
}

/** With a deadline before the timeout, after it, and without. The largest first. */
export const timeoutConfigurations: readonly TimeoutConfig[] = [3, Infinity, 1].flatMap((deadlineMs) =>
  (['cooperate', 'race'] as const).flatMap((mode) =>
    (['policy', 'run'] as const).flatMap((deadlineBy) =>
      (['promise', 'thenable'] as const).map((returns) => ({
        name: `${mode}, deadline of ${deadlineMs} ms by the ${deadlineBy}, a ${returns}`,
        rules: { mode, ms: 2, deadlineMs },
        deadlineBy,
        returns,
        calls: 3,
      })),
    ),
  ),
);
