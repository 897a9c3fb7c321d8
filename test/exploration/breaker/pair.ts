/** The breaker's machine and its model side by side: how to copy them, and what tells two states of them apart. */
import type { Admission, BreakerMachine } from '../../../src/policies/circuit-breaker/machine.ts';
import type { Window } from '../../../src/structures/window.ts';
import { copyOf } from '../copy.ts';
import type { Admitted, Ended, NaiveBreaker } from './model.ts';

/** A call in flight: what the machine, and what the model must be told of it. */
export interface Ticket extends Admission, Admitted {}

export interface Pair {
  readonly machine: BreakerMachine;
  readonly model: NaiveBreaker;
  readonly tickets: readonly Ticket[];
  /** What the model's clock reads. */
  readonly nowMs: number;
  /** How far the machine's clock is ahead of it: each restart brings a new one. */
  readonly skewMs: number;
}

/** What is private in a machine, to be copied and told apart. */
interface Inside {
  window: Window;
  places: Map<number, number>;
}

interface InsideWindow {
  readonly size: number;
  readonly originMs: number;
  readonly newest: number;
  buckets: number[];
}

const inside = (machine: BreakerMachine): Inside => machine as unknown as Inside;
const insideWindow = (window: Window): InsideWindow => window as unknown as InsideWindow;

export function copyOfWindow(window: Window): Window {
  const copy = copyOf(window);
  insideWindow(copy).buckets = insideWindow(window).buckets.slice();
  return copy;
}

export function copyOfPair(pair: Pair): Pair {
  const machine = copyOf(pair.machine);
  const within = inside(machine);
  within.window = copyOfWindow(machine.window);
  within.places = new Map(within.places);
  machine.phase = { ...machine.phase };
  // The model changes none of its lists: it makes new ones.
  return { ...pair, machine, model: copyOf(pair.model) };
}

/** A time as an age, and no more than what ages are compared with: beyond that, nothing changes. */
const age = (sinceMs: number, nowMs: number, atMost: number): number => Math.min(nowMs - sinceMs, atMost);

/** A call in flight is stale, or of a closed circuit, or a probe: then its age counts, and whether it has a place. */
export function ticketCode({ machine, model, nowMs, skewMs }: Pair, ticket: Ticket): number {
  if (ticket.generation !== machine.generation) return 0;
  if (ticket.probe === 0) return 1;
  const leaseMs = model.rules.probeTimeoutMs;
  const place = inside(machine).places.get(ticket.probe);
  const ownAge = place === undefined ? leaseMs + 1 : age(place, nowMs + skewMs, leaseMs);
  return 2 + ownAge * (leaseMs + 1) + age(ticket.atMs, nowMs, leaseMs);
}

const endCode = ({ failed, slow }: Ended): number => Number(failed) + 2 * Number(slow);
const inOrder = (codes: number[]): number[] => codes.sort((a, b) => a - b);

/** Between two lists, and unlike anything in them. */
const COMMA = 9_999;

/**
 * Numbers of generations and probes are left out, for only whether they are the current ones counts; and so are counts
 * that nothing is compared with.
 */
export function keyOf(pair: Pair, differentWaits: number): string {
  const codes = inOrder(pair.tickets.map((ticket) => ticketCode(pair, ticket)));
  codes.push(COMMA);
  pushMachine(codes, pair, differentWaits);
  codes.push(COMMA);
  pushModel(codes, pair, differentWaits);
  return String.fromCharCode(...codes);
}

function pushMachine(codes: number[], { machine, nowMs, skewMs }: Pair, differentWaits: number): void {
  const { rules, phase, sinceMs, state, reasons } = machine;
  const now = nowMs + skewMs;
  const ages = [...inside(machine).places.values()].map((atMs) => age(atMs, now, rules.probeTimeoutMs));
  codes.push(...inOrder(ages), COMMA);
  for (const reason of reasons) codes.push(reason.charCodeAt(0));
  // How often it has opened counts as long as that makes a difference to the next wait.
  const { count, lastMs } = machine.openingsAt(now);
  codes.push(COMMA, Math.min(count, differentWaits), lastMs);
  switch (phase.kind) {
    case 'open':
      codes.push(1, phase.waitMs, age(sinceMs, now, phase.waitMs));
      break;
    case 'half-open':
      codes.push(2, phase.results, phase.failures, phase.slow);
      break;
    case 'closed':
      codes.push(3, state === 'closed' && count > 0 ? age(sinceMs, now, lastMs) : 0);
      codes.push(rules.consecutiveFailures === Infinity ? 0 : phase.failuresInARow);
  }
  if (machine.window.calls > 0) pushWindow(codes, machine, now);
}

/** The buckets from the newest on. Unless it is closed, all that counts is that closing has something to empty. */
function pushWindow(codes: number[], { state, window, rules }: BreakerMachine, now: number): void {
  codes.push(COMMA);
  if (state !== 'closed') return;
  const { size, originMs, newest, buckets } = insideWindow(window);
  const { ms } = rules.window;
  if (ms !== undefined) codes.push(age(originMs + (newest * ms) / 10, now, ms));
  for (let back = 0; back < size; back++) {
    const at = ((newest + size - back) % size) * 3;
    codes.push(buckets[at]! * 100 + buckets[at + 1]! * 10 + buckets[at + 2]!);
  }
}

function pushModel(codes: number[], { model, nowMs }: Pair, differentWaits: number): void {
  const { kind, rules, sinceMs, waitMs, probed } = model;
  const waits = model.openingsAt(nowMs);
  const held = model.held(nowMs);
  const lastMs = waits.at(-1) ?? 0;
  codes.push(Math.min(waits.length, differentWaits), lastMs);
  if (kind !== 'closed') codes.push(Math.sign(held.length));
  switch (kind) {
    case 'open':
      codes.push(waitMs, age(sinceMs, nowMs, waitMs));
      break;
    case 'half-open':
      codes.push(...inOrder(probed.map(endCode)));
      break;
    case 'closed':
      codes.push(model.reasons.length === 0 && waits.length > 0 ? age(sinceMs, nowMs, lastMs) : 0);
      codes.push(rules.consecutiveFailures === Infinity ? 0 : model.failuresInARow());
      for (const each of held) codes.push(endCode(each), rules.window.ms ? each.untilMs - nowMs : 0);
  }
}
