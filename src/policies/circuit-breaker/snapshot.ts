/**
 * A circuit breaker as plain JSON, to survive a restart. It holds ages and remaining times rather than readings of a
 * clock, for the next process has another clock.
 */
import { allowed } from '../../core/options.ts';
import { CountWindow, TimeWindow, type Window, type WindowSnapshot } from '../../structures/window.ts';
import { BreakerMachine, type BreakerRules, type Openings, type Phase } from './machine.ts';

/** Plain JSON. The error that tripped the circuit is dropped, and the places of probes in flight are free. */
export interface BreakerSnapshot {
  readonly version: 1;
  readonly phase:
    | { readonly kind: 'closed'; readonly forMs: number; readonly consecutiveFailures: number }
    | { readonly kind: 'open'; readonly forMs: number; readonly waitMs: number }
    | {
        readonly kind: 'half-open';
        readonly forMs: number;
        readonly results: number;
        readonly failures: number;
        readonly slow: number;
      };
  readonly openings: Openings;
  /** Why it is isolated; empty if it is not. */
  readonly reasons: readonly string[];
  readonly window: WindowSnapshot;
}

export function takeSnapshot(machine: BreakerMachine, nowMs: number): BreakerSnapshot {
  const { phase, openings, reasons, window } = machine;
  const forMs = Math.max(0, nowMs - phase.sinceMs);
  return {
    version: 1,
    phase: withoutPlaces(phase, openings.count === 0 && phase.kind === 'closed' ? 0 : forMs),
    openings,
    reasons: [...reasons],
    window: window.snapshot(nowMs),
  };
}

function withoutPlaces(phase: Phase, forMs: number): BreakerSnapshot['phase'] {
  switch (phase.kind) {
    case 'closed':
      return { kind: 'closed', forMs, consecutiveFailures: phase.consecutiveFailures };
    case 'open':
      return { kind: 'open', forMs, waitMs: phase.waitMs };
    case 'half-open':
      return { kind: 'half-open', forMs, results: phase.results, failures: phase.failures, slow: phase.slow };
  }
}

/**
 * A machine that goes on where the snapshot left off.
 *
 * @throws TypeError - if it is no snapshot, or one of a breaker with another window
 */
export function fromSnapshot(
  snapshot: BreakerSnapshot,
  rules: BreakerRules,
  empty: Window,
  nowMs: number,
): BreakerMachine {
  const { forMs, ...rest } = snapshot.phase;
  const sinceMs = nowMs - forMs;
  const phase = { sinceMs, ...rest, ...(rest.kind === 'half-open' && { places: new Map() }) } as Phase;
  const machine = new BreakerMachine(rules, restoreWindow(snapshot.window, empty, nowMs));
  machine.restore(phase, snapshot.openings, snapshot.reasons);
  return machine;
}

function restoreWindow(snapshot: WindowSnapshot, empty: Window, nowMs: number): Window {
  const now = empty.snapshot(nowMs);
  const same = 'ms' in snapshot ? 'ms' in now && now.ms === snapshot.ms : 'size' in now && now.size === snapshot.size;
  if (!same) throw allowed(TypeError, 'circuitBreaker', 'restore', snapshot, 'a snapshot with the same window');
  return 'ms' in snapshot ? TimeWindow.restore(snapshot, nowMs) : CountWindow.restore(snapshot);
}

/** Checks that a value has the shape of a snapshot. */
export function checkSnapshot(where: string, name: string, value: unknown): void {
  const bad = (): Error => allowed(TypeError, where, name, value, 'what snapshot() gave');
  if (!isObject(value)) throw bad();
  const { version, phase, openings, reasons, window } = value;
  const good =
    version === 1 &&
    isObject(phase) &&
    PHASE_NUMBERS.some(
      ([kind, ...numbers]) => phase['kind'] === kind && areCounts(phase, ['forMs', ...numbers]),
    ) &&
    isObject(openings) &&
    areCounts(openings, ['count', 'lastMs', 'totalMs']) &&
    Array.isArray(reasons) &&
    reasons.every((reason) => typeof reason === 'string') &&
    isObject(window) &&
    (isTimeWindow(window) || isCountWindow(window));
  if (!good) throw bad();
}

const PHASE_NUMBERS = [
  ['closed', 'consecutiveFailures'],
  ['open', 'waitMs'],
  ['half-open', 'results', 'failures', 'slow'],
] as const;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const areCounts = (from: Record<string, unknown>, keys: readonly string[]): boolean =>
  keys.every((key) => Number.isFinite(from[key]) && (from[key] as number) >= 0);

const isTimeWindow = (window: Record<string, unknown>): boolean =>
  areCounts(window, ['ms', 'ageMs']) &&
  Array.isArray(window['buckets']) &&
  window['buckets'].every(
    (bucket) => isObject(bucket) && areCounts(bucket, ['index', 'calls', 'failures', 'slow']),
  );

const isCountWindow = (window: Record<string, unknown>): boolean =>
  areCounts(window, ['size']) &&
  Array.isArray(window['outcomes']) &&
  window['outcomes'].length <= (window['size'] as number) &&
  window['outcomes'].every((outcome) => [0, 1, 2, 3].includes(outcome));
