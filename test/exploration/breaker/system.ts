/**
 * The circuit breaker's machine beside the naive one. Both are driven as the gate drives the machine: it looks whether
 * a wait is over, then asks; and it does what a recorded result calls for.
 */
import {
  BreakerMachine,
  type BreakerRules,
  type BreakerSnapshot,
} from '../../../src/policies/circuit-breaker/machine.ts';
import { agree } from '../agree.ts';
import type { System } from '../explore.ts';
import { NaiveBreaker } from './model.ts';
import { copyOfPair, copyOfWindow, keyOf, type Pair, type Ticket, ticketCode } from './pair.ts';

export interface BreakerConfig {
  readonly name: string;
  readonly rules: BreakerRules;
  /** How long it opens the first time in a row, the second, and so on; the last stands for all that follow. */
  readonly waits: readonly number[];
  /** Calls in flight, at most. */
  readonly inFlight: number;
  /** Outcomes in a window by time, which sets no limit itself, at most. */
  readonly held: number;
}

/** How a call ends. Unused, ignored and aborted are one: the machine learns nothing but that the place is free. */
const ENDS = {
  succeeds: { failed: false, slow: false },
  fails: { failed: true, slow: false },
  'succeeds slowly': { failed: false, slow: true },
  'fails slowly': { failed: true, slow: true },
  'is ignored': undefined,
} as const;

type End = keyof typeof ENDS;

type BreakerEvent =
  | { readonly do: 'call' | 'open' | 'close' | 'restart' }
  | { readonly do: 'isolate' | 'release'; readonly reason: string }
  | { readonly do: 'end'; readonly nth: number; readonly how: End }
  | { readonly do: 'pass'; readonly ms: number };

/** Longer than anything lasts. */
const AGES_MS = 1_000;

const ALWAYS: readonly BreakerEvent[] = [
  { do: 'open' },
  { do: 'close' },
  { do: 'restart' },
  { do: 'isolate', reason: 'ann' },
  { do: 'release', reason: 'ann' },
  { do: 'isolate', reason: 'bob' },
  { do: 'release', reason: 'bob' },
];

/** When anything ends, or begins to count otherwise, by itself. */
function boundaries({ model, tickets, nowMs }: Pair): number[] {
  const { kind, era, sinceMs, waitMs, rules } = model;
  if (kind === 'open') return [sinceMs + waitMs];
  if (kind === 'half-open')
    return tickets.filter((each) => each.era === era).map(({ atMs }) => atMs + rules.probeTimeoutMs);
  const longEnough = sinceMs + (model.openingsAt(nowMs).at(-1) ?? 0);
  const { ms } = rules.window;
  const ends = ms === undefined ? [] : model.held(nowMs).map(({ untilMs }) => untilMs);
  if (ms === undefined || ends[0] === undefined) return [longEnough];
  const tenth = ms / 10;
  const nextTenth = nowMs + ((ends[0] - nowMs) % tenth || tenth);
  return [longEnough, nextTenth, ...ends];
}

/** Throws unless both show the same, and no invariant is broken. */
function check({ machine, model, tickets, nowMs, skewMs }: Pair): void {
  const now = nowMs + skewMs;
  agree('the state', machine.stateAt(now), model.stateAt(nowMs));
  agree('what is left of the opening', machine.remainingMs(now), model.remainingMs(nowMs));
  agree('since when', machine.sinceMs - skewMs, model.sinceMs);
  agree('openings in a row', machine.openingsAt(now).count, model.openingsAt(nowMs).length);
  agree('reasons of isolation', [...machine.reasons].sort().join(), model.reasons.join());
  const window = machine.window.timed ? copyOfWindow(machine.window) : machine.window;
  window.age(now);
  const held = model.held(nowMs);
  agree('calls in the window', window.calls, held.length);
  agree('failures in the window', window.failures, held.filter(({ failed }) => failed).length);
  agree('slow calls in the window', window.slow, held.filter(({ slow }) => slow).length);
  for (const { generation, era } of tickets)
    agree('whether a call is of this state', generation === machine.generation, era === model.era);
  agree('probes beyond those allowed', Math.max(0, model.probing(tickets, nowMs) - model.rules.probes), 0);
}

/** @param Machine - the real one, or one that is broken on purpose */
export function breakerSystem(config: BreakerConfig, Machine = BreakerMachine): System<Pair, BreakerEvent> {
  const { rules, waits } = config;
  const ends = (Object.keys(ENDS) as End[]).filter((how) => rules.slowRate <= 1 || !ENDS[how]?.slow);
  const waitOf = (opening: number): number => waits[Math.min(opening, waits.length) - 1]!;

  const isFull = ({ model, nowMs }: Pair): boolean =>
    rules.window.ms !== undefined && model.kind === 'closed' && model.held(nowMs).length >= config.held;

  function notice({ machine, model, nowMs, skewMs }: Pair): void {
    if (machine.stateAt(nowMs + skewMs) !== machine.state) machine.halfOpen();
    model.notice(nowMs);
  }

  function open({ machine, model, nowMs, skewMs }: Pair): void {
    const now = nowMs + skewMs;
    machine.open(now, waitOf(machine.openingsAt(now).count + 1));
    model.open(nowMs, waitOf(model.openingsAt(nowMs).length + 1));
  }

  function end(pair: Pair, ticket: Ticket, how: End): void {
    const { machine, model, nowMs, skewMs } = pair;
    const told = ENDS[how];
    if (told === undefined) return machine.ignore(ticket);
    const sequel = machine.record(ticket, told.failed, told.slow, nowMs + skewMs);
    agree('what the result calls for', sequel, model.record(ticket, told, nowMs));
    if (sequel === 'close') {
      machine.close(nowMs + skewMs);
      model.close(nowMs);
    } else if (sequel !== undefined) open(pair);
  }

  function call(pair: Pair): Pair {
    const { machine, model, tickets, nowMs, skewMs } = pair;
    notice(pair);
    const answer = machine.admit(nowMs + skewMs);
    const admitted = typeof answer === 'number';
    agree('whether the call is admitted', admitted, model.admits(tickets, nowMs));
    if (!admitted) return pair;
    const { generation } = machine;
    return { ...pair, tickets: [...tickets, { generation, probe: answer, era: model.era, atMs: nowMs }] };
  }

  function restart(pair: Pair): Pair {
    const { machine, nowMs, skewMs } = pair;
    const snapshot = JSON.parse(JSON.stringify(machine.snapshot(nowMs + skewMs))) as BreakerSnapshot;
    // What is in flight is so in a process that is gone; the clock of the next one starts at 0.
    return { ...pair, machine: new Machine(rules, snapshot, 0), tickets: [], skewMs: -nowMs };
  }

  function happen(before: Pair, event: BreakerEvent): Pair {
    if (event.do === 'pass') return { ...before, nowMs: before.nowMs + event.ms };
    const pair = copyOfPair(before);
    const { machine, model, tickets, nowMs, skewMs } = pair;
    // The gate's `release` is the only one that does not look whether a wait is over.
    if (event.do === 'open' || event.do === 'close' || event.do === 'isolate') notice(pair);
    switch (event.do) {
      case 'call':
        return call(pair);
      case 'end':
        end(pair, tickets[event.nth]!, event.how);
        return { ...pair, tickets: tickets.filter((_, nth) => nth !== event.nth) };
      case 'open':
        open(pair);
        return pair;
      case 'close':
        machine.close(nowMs + skewMs);
        model.close(nowMs);
        return pair;
      case 'isolate':
      case 'release':
        machine[event.do](event.reason, nowMs + skewMs);
        model[event.do](event.reason, nowMs);
        return pair;
      case 'restart':
        return restart(pair);
    }
  }

  return {
    initial: {
      machine: new Machine(rules),
      model: new NaiveBreaker(rules),
      tickets: [],
      nowMs: 0,
      skewMs: 0,
    },

    events(pair) {
      const { tickets, nowMs } = pair;
      const events: BreakerEvent[] =
        tickets.length < config.inFlight ? [{ do: 'call' }, ...ALWAYS] : [...ALWAYS];
      const mayEnd = ends.filter((how) => ENDS[how] === undefined || !isFull(pair));
      const codes = tickets.map((ticket) => ticketCode(pair, ticket));
      codes.forEach((code, nth) => {
        if (codes.indexOf(code) === nth) for (const how of mayEnd) events.push({ do: 'end', nth, how });
      });
      const times = boundaries(pair).flatMap((edge) => [edge - 1, edge, edge + 1]);
      for (const time of new Set(times)) if (time > nowMs) events.push({ do: 'pass', ms: time - nowMs });
      events.push({ do: 'pass', ms: AGES_MS });
      return events;
    },

    after(before, event) {
      const pair = happen(before, event);
      check(pair);
      return pair;
    },

    key: (pair) => keyOf(pair, waits.length),

    say(event) {
      switch (event.do) {
        case 'end':
          return `call ${event.nth + 1} of those in flight ${event.how}`;
        case 'pass':
          return `${event.ms} ms pass`;
        case 'isolate':
        case 'release':
          return `${event.do} for ${event.reason}`;
        default:
          return event.do;
      }
    },
  };
}
