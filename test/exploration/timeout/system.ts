/**
 * The race between a result, a timeout, a deadline and the caller's abort, beside the naive one. What races are
 * promises, which cannot be copied: so each sequence of events is played from the start. Several calls share the
 * timeout, and with it one timer.
 */
import { copyOf } from '../copy.ts';
import type { System } from '../explore.ts';
import { type Call, type ModelRules, NaiveTimeout } from './model.ts';
import { type DeadlineBy, RealTimeout } from './real.ts';

export interface TimeoutConfig {
  readonly name: string;
  readonly rules: ModelRules;
  readonly deadlineBy: DeadlineBy;
  /** Calls at the same time, at most, with those that run on after they were given up. */
  readonly calls: number;
}

type TimeoutEvent =
  | { readonly do: 'start' }
  | { readonly do: 'look' | 'abort'; readonly call: number }
  | { readonly do: 'end'; readonly call: number; readonly how: 'value' | 'error' }
  | { readonly do: 'pass'; readonly ms: number };

interface Played {
  readonly path: readonly TimeoutEvent[];
  readonly model: NaiveTimeout;
  readonly nowMs: number;
  /** Which timers are set. */
  readonly timers: string;
}

export function timeoutSystem({ rules, deadlineBy, calls }: TimeoutConfig): System<Played, TimeoutEvent> {
  return {
    initial: { path: [], model: new NaiveTimeout(rules), nowMs: 0, timers: '' },

    events({ model, nowMs }) {
      const events: TimeoutEvent[] = [];
      const codes = model.calls.map((call) => codeOf(model, call, nowMs));
      const alive = model.which(({ state }) => state !== 'over');
      if (alive.length < calls) events.push({ do: 'start' });
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
      if (event.do === 'start') model.start(nowMs);
      else if (event.do === 'pass') model.pass(nowMs);
      else if (event.do === 'end') model.end(event.call, event.how);
      else model[event.do](event.call);

      const real = new RealTimeout(rules, deadlineBy);
      for (const each of path) {
        if (each.do === 'start') real.start();
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
          return 'a call starts';
        case 'end':
          return `call ${event.call + 1} ends with ${event.how === 'value' ? 'a value' : 'an error'}`;
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

/** A call as what may become of it; nothing, of one that is over. */
function codeOf(model: NaiveTimeout, call: Call, nowMs: number): string {
  if (call.state === 'over') return '';
  const { state, looked, signal } = call;
  return [state, looked, signal, model.dueAt(call) - nowMs].join(' ');
}

/** With a deadline before the timeout, after it, and without. The largest first. */
export const timeoutConfigurations: readonly TimeoutConfig[] = [3, Infinity, 1].flatMap((deadlineMs) =>
  (['cooperate', 'race'] as const).flatMap((mode) =>
    (['policy', 'run'] as const).map((deadlineBy) => ({
      name: `${mode}, deadline of ${deadlineMs} ms by the ${deadlineBy}`,
      rules: { mode, ms: 2, deadlineMs },
      deadlineBy,
      calls: 3,
    })),
  ),
);
