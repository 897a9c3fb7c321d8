/** The circuit breaker's options: what they mean, their defaults, and the rules of the machine that follow from them. */
import type { Backoff } from '../../backoff/backoff.ts';
import type { CommonOptions } from '../../core/built-in.ts';
import type { Random } from '../../core/clock.ts';
import type { Judge } from '../../core/judge.ts';
import {
  allowed,
  boolean,
  type Check,
  checkOptions,
  common,
  count,
  duration,
  rate,
} from '../../core/options.ts';
import { CountWindow, TimeWindow, type Window } from '../../structures/window.ts';
import type { BreakerRules } from './machine.ts';
import { type BreakerSnapshot, checkSnapshot } from './snapshot.ts';

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions extends CommonOptions {
  /** Over which calls the rates are taken: those of the last `ms` milliseconds, or the last `calls`. Default: 10 s. */
  readonly window?: { readonly ms: number } | { readonly calls: number } | undefined;
  /** Share of failures at which it trips, > 0 and <= 1. Default: 0.5. */
  readonly failureRate?: number | undefined;
  /** Calls in the window before a rate means anything, >= 1 and at most `window.calls`. Default: 20, or `window.calls` if that is less. */
  readonly minimumCalls?: number | undefined;
  /** Below `minimumCalls`: failures without a single success that trip, >= 1; `Infinity` for never. Default: 5. */
  readonly lowTrafficFailures?: number | undefined;
  /** Failures in a row that trip by themselves, >= 1. Default: not looked at. */
  readonly consecutiveFailures?: number | undefined;
  /** A call that takes longer is slow, in milliseconds, > 0. Default: not looked at. */
  readonly slowCallMs?: number | undefined;
  /** Share of slow calls at which it trips, > 0 and <= 1. Default: 0.5. */
  readonly slowRate?: number | undefined;
  /** How long it stays open, in milliseconds, > 0; or a backoff, given how many times in a row it has opened. Default: 5_000. */
  readonly openMs?: number | Backoff | undefined;
  /** The longest opening, whatever backoff or server say, in milliseconds, > 0. Default: 300_000. */
  readonly maxOpenMs?: number | undefined;
  /** Calls admitted while half-open, >= 1; they decide. Default: 1. */
  readonly probes?: number | undefined;
  /** A probe that takes longer loses its place to another, in milliseconds, > 0. Default: 30_000. */
  readonly probeTimeoutMs?: number | undefined;
  /** Count and tell, but reject nothing. Default: false. */
  readonly observeOnly?: boolean | undefined;
  /** What `snapshot()` of an earlier breaker with the same window gave. */
  readonly restore?: BreakerSnapshot | undefined;
  /** What counts as a failure. */
  readonly judge?: Judge | undefined;
  /** For an `openMs` with jitter. Default: the pipeline's, else `Math.random`. */
  readonly random?: Random | undefined;
  /** Capture a stack in each rejection, which costs microseconds. Default: false. */
  readonly captureStack?: boolean | undefined;
}

const windowCheck: Check = (where, name, value) => {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length !== 1 || (keys[0] !== 'ms' && keys[0] !== 'calls')) {
    throw allowed(TypeError, where, name, value, '{ ms } or { calls }');
  }
  const { ms, calls } = value as { ms?: number; calls?: number };
  if (keys[0] === 'ms') duration()(where, `${name}.ms`, ms);
  else count(1)(where, `${name}.calls`, calls);
};

const openMsCheck: Check = (where, name, value) => {
  if (typeof value !== 'function') duration()(where, name, value);
};

const CHECKS = {
  ...common,
  window: windowCheck,
  failureRate: rate,
  minimumCalls: count(1),
  lowTrafficFailures: count(1, { infinity: true }),
  consecutiveFailures: count(1),
  slowCallMs: duration(),
  slowRate: rate,
  openMs: openMsCheck,
  maxOpenMs: duration(),
  probes: count(1),
  probeTimeoutMs: duration(),
  observeOnly: boolean,
  restore: checkSnapshot,
};

/** Checked options, with the defaults filled in. */
export interface BreakerSettings {
  readonly rules: BreakerRules;
  readonly makeWindow: () => Window;
  readonly slowCallMs: number;
  readonly openMs: number | Backoff;
  readonly maxOpenMs: number;
}

/** @throws RangeError | TypeError - for a bad option */
export function settingsFrom(options: CircuitBreakerOptions): BreakerSettings {
  checkOptions('circuitBreaker', options, CHECKS);
  const { window = { ms: 10_000 }, openMs = 5_000, maxOpenMs = 300_000, slowCallMs, slowRate } = options;
  const mostCalls = 'calls' in window ? window.calls : Infinity;
  const { minimumCalls = Math.min(20, mostCalls) } = options;
  if (minimumCalls > mostCalls) {
    throw allowed(RangeError, 'circuitBreaker', 'minimumCalls', minimumCalls, `at most window.calls (${mostCalls})`);
  }
  if (typeof openMs === 'number' && openMs > maxOpenMs) {
    throw allowed(RangeError, 'circuitBreaker', 'openMs', openMs, `at most maxOpenMs (${maxOpenMs})`);
  }
  if (slowRate !== undefined && slowCallMs === undefined) {
    throw allowed(TypeError, 'circuitBreaker', 'slowRate', slowRate, 'left out where slowCallMs is not given');
  }
  return {
    rules: {
      failureRate: options.failureRate ?? 0.5,
      minimumCalls,
      lowTrafficFailures: options.lowTrafficFailures ?? 5,
      consecutiveFailures: options.consecutiveFailures ?? Infinity,
      slowRate: slowCallMs === undefined ? Infinity : (slowRate ?? 0.5),
      probes: options.probes ?? 1,
      probeTimeoutMs: options.probeTimeoutMs ?? 30_000,
    },
    makeWindow: () => ('calls' in window ? new CountWindow(window.calls) : new TimeWindow(window.ms)),
    slowCallMs: slowCallMs ?? Infinity,
    openMs,
    maxOpenMs,
  };
}
