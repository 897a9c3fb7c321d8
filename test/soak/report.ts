/** What was measured against what it must be, as lines of a table and as figures. */
import { slopeOf } from './heap.ts';
import type { SoakedKeys } from './keys.ts';
import type { Outbound } from './outbound/outbound.ts';
import type { Parked } from './parked.ts';
import type { Soaked } from './traffic.ts';

/** One thing that must hold. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly bar: string;
  readonly holds: boolean;
}

/** Bytes a call. */
const SLOPE = 0.05;
/**
 * What V8 itself may come to need during a run, in bytes, since it goes on compiling. In a short run that is more for
 * each call than the slope allows; in the full one it is less, and the slope alone counts.
 */
const UNREST = 500_000;
/** How much more a call may cost among a hundred times as many. */
const GROWTH = 1.05;

export const exactly = (what: string, measured: number, wanted: number): Bar => ({
  what,
  measured,
  bar: `${wanted}`,
  holds: measured === wanted,
});

export const below = (what: string, measured: number, limit: number): Bar => ({
  what,
  measured,
  bar: `< ${+limit.toPrecision(3)}`,
  holds: measured < limit,
});

export function barsOfTraffic({ calls, samples, endings, left }: Soaked): Bar[] {
  const { 'anything else': unknown, ...known } = endings;
  return [
    below('bytes by which the heap grows a call', slopeOf(samples), Math.max(SLOPE, UNREST / calls)),
    ...Object.entries(left).map(([what, measured]) => exactly(what, measured, 0)),
    exactly('calls that ended as no call should', unknown, 0),
    exactly('ways to end that did not occur', Object.values(known).filter((times) => times === 0).length, 0),
  ];
}

/** Pipelines that may be kept. */
const MAX_KEPT = 1_000;

export function barsOfKeys({ requests, samples, most, left }: SoakedKeys): Bar[] {
  return [
    below(
      'keys: bytes by which the heap grows a request',
      slopeOf(samples),
      Math.max(SLOPE, UNREST / requests),
    ),
    exactly('keys: the most pipelines ever kept', most, MAX_KEPT),
    ...Object.entries(left).map(([what, measured]) => exactly(`keys: ${what}`, measured, 0)),
  ];
}

/** One way out of the queue, the fewest calls first. */
export function barsOfQueue(runs: readonly Parked[]): Bar[] {
  const { way } = runs[0]!;
  const sum = (of: (run: Parked) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const growth = (key: 'steps' | 'timerOperations'): number => runs.at(-1)![key] / runs[0]![key];
  const calls = sum((run) => run.calls);
  return [
    exactly(
      `${way}: calls that waited, all at once`,
      sum(({ queued }) => queued),
      calls,
    ),
    exactly(
      `${way}: calls that ended as they should`,
      sum(({ right }) => right),
      calls,
    ),
    exactly(
      `${way}: operations invoked`,
      sum(({ invoked }) => invoked),
      way === 'drained' ? calls : 0,
    ),
    exactly(
      `${way}: timers, listeners and places left`,
      sum(({ left }) => left),
      0,
    ),
    below(`${way}: steps a call, most against fewest calls`, growth('steps'), GROWTH),
    below(`${way}: timer operations a call, likewise`, growth('timerOperations'), GROWTH),
  ];
}

/**
 * Bytes a request: less than one object kept of every tenth. What V8 and undici come to need in a run of real sockets is
 * more than on a virtual clock, and the same with plain `fetch`.
 */
const OUTBOUND_SLOPE = 10;
const OUTBOUND_UNREST = 1_000_000;

/** Requests to a network that fails. Of plain `fetch` nothing is asked: it is there to be compared. */
export function barsOfOutbound({ requests, samples, endings, bodies, left }: Outbound): Bar[] {
  const { 'anything else': unknown = 0 } = endings;
  const { 'anything else': unknownBodies = 0, 'wrong length': wrong = 0 } = bodies;
  const ways = ['answered', 'answered with an error', 'network error', 'time-out', 'abort', 'circuit open'];
  const missing = (ways as (keyof typeof endings)[]).filter((way) => endings[way] === undefined).length;
  return [
    below(
      'outbound: bytes by which the heap grows a request',
      slopeOf(samples),
      Math.max(OUTBOUND_SLOPE, OUTBOUND_UNREST / requests),
    ),
    ...Object.entries(left).map(([what, measured]) => exactly(`outbound: ${what}`, measured, 0)),
    exactly('outbound: calls and bodies that ended as none should', unknown + unknownBodies + wrong, 0),
    exactly('outbound: ways to end that did not occur', missing, 0),
  ];
}

const columns =
  (...widths: readonly number[]) =>
  (...cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('');

const rounded = (number: number): string => `${+number.toPrecision(4)}`;

export function endingsTable({ endings }: Soaked): string {
  const line = columns(20, 12);
  const rows = Object.entries(endings).map(([ending, times]) => line(ending, `${times}`));
  return [line('how calls ended', 'calls'), ...rows].join('\n');
}

export function queueTable(runs: readonly Parked[]): string {
  const line = columns(20, 12, 14, 26);
  const rows = runs.map(({ way, calls, steps, timerOperations }) =>
    line(way, `${calls}`, rounded(steps), rounded(timerOperations)),
  );
  return [line('a queue', 'calls', 'steps a call', 'timer operations a call'), ...rows].join('\n');
}

/** How calls of each client ended, what became of the bodies, and by how much the heap grew. */
export function outboundTable(runs: readonly Outbound[]): string {
  const line = columns(36, ...runs.map(() => 16));
  const all = (of: (run: Outbound) => object): string[] => [
    ...new Set(runs.flatMap((run) => Object.keys(of(run)))),
  ];
  const figures = (of: (run: Outbound) => object, what: (name: string) => string): string[] =>
    all(of).map((name) => line(what(name), ...runs.map((run) => `${of(run)[name as never] ?? 0}`)));
  return [
    line('requests to a network that fails', ...runs.map(({ client }) => client)),
    line('sent', ...runs.map(({ requests }) => `${requests}`)),
    line('seen by the server', ...runs.map(({ seen }) => `${seen}`)),
    line('connections', ...runs.map(({ connections }) => `${connections}`)),
    line('times that the port was closed', ...runs.map(({ refusals }) => `${refusals}`)),
    ...figures(
      (run) => run.endings,
      (name) => name,
    ),
    ...figures(
      (run) => run.bodies,
      (name) => `body: ${name}`,
    ),
    line('bytes of heap a request', ...runs.map(({ samples }) => rounded(slopeOf(samples)))),
  ].join('\n');
}

export function barsTable(bars: readonly Bar[]): string {
  const line = columns(56, 12, 12, 8);
  const rows = bars.map(({ what, measured, bar, holds }) =>
    line(what, rounded(measured), bar, holds ? 'ok' : 'FAIL'),
  );
  return [line('what', 'measured', 'bar', ''), ...rows].join('\n');
}
