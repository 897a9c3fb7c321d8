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
import type { WindowSpan } from '../../structures/window.ts';
import type { BreakerRules, BreakerSnapshot } from './machine.ts';

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions extends CommonOptions {
  /** Over which calls the rates are taken: those of the last `ms` milliseconds, or the last `calls`. Default: 10 s. */
  readonly window?: WindowSpan | undefined;
  /** Share of failures at which it trips, > 0 and <= 1. Default: 0.5. */
  readonly failureRate?: number | undefined;
  /**
   * Calls in the window before a rate means anything, an integer >= 1, at most `window.calls`. Default: 20, or
   * `window.calls` if that is less.
   */
  readonly minimumCalls?: number | undefined;
  /**
   * Below `minimumCalls`: failures without a single success that trip, an integer >= 1; `Infinity` for never.
   * Default: 5.
   */
  readonly lowTrafficFailures?: number | undefined;
  /** Failures in a row that trip by themselves, an integer >= 1. Default: not looked at. */
  readonly consecutiveFailures?: number | undefined;
  /** A call that takes longer is slow, in milliseconds, > 0. Default: not looked at. */
  readonly slowCallMs?: number | undefined;
  /** Share of slow calls at which it trips, > 0 and <= 1. Default: 0.5. */
  readonly slowRate?: number | undefined;
  /**
   * How long it stays open, in milliseconds, > 0; or a backoff, given how many times in a row it has opened.
   * Default: 5_000.
   */
  readonly openMs?: number | Backoff | undefined;
  /** The longest opening, whatever backoff or server say, in milliseconds, > 0. Default: 300_000. */
  readonly maxOpenMs?: number | undefined;
  /** Calls admitted while half-open, an integer >= 1; they decide. Default: 1. */
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

const WHERE = 'circuitBreaker';

const DEFAULTS = {
  window: { ms: 10_000 } as WindowSpan,
  failureRate: 0.5,
  lowTrafficFailures: 5,
  consecutiveFailures: Infinity,
  slowCallMs: Infinity,
  slowRate: 0.5,
  openMs: 5_000 as number | Backoff,
  maxOpenMs: 300_000,
  probes: 1,
  probeTimeoutMs: 30_000,
  observeOnly: false,
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const checkWindow: Check = (where, name, value) => {
  const [[key, size] = [], second] = isObject(value) ? Object.entries(value) : [];
  if (second !== undefined || (key !== 'ms' && key !== 'calls')) {
    throw allowed(where, name, value, 'either { ms } or { calls }');
  }
  (key === 'ms' ? duration : count(1))(where, `${name}.${key}`, size);
};

const CHECKS = {
  name: common.name,
  clock: common.clock,
  random: common.random,
  judge: common.judge,
  captureStack: common.captureStack,
  window: checkWindow,
  failureRate: rate,
  minimumCalls: count(1),
  lowTrafficFailures: ((where, name, value) => value === Infinity || count(1)(where, name, value)) as Check,
  consecutiveFailures: count(1),
  slowCallMs: duration,
  slowRate: rate,
  openMs: ((where, name, value) => typeof value === 'function' || duration(where, name, value)) as Check,
  maxOpenMs: duration,
  probes: count(1),
  probeTimeoutMs: duration,
  observeOnly: boolean,
  restore: () => {},
};

/** Checked options, with the defaults filled in. */
export interface BreakerSettings extends BreakerRules {
  readonly window: WindowSpan;
  readonly slowCallMs: number;
  readonly openMs: number | Backoff;
  readonly maxOpenMs: number;
  readonly observeOnly: boolean;
  readonly restore?: BreakerSnapshot | undefined;
}

/** @throws RangeError | TypeError - for a bad option */
export function settingsFrom(options: CircuitBreakerOptions): BreakerSettings {
  checkOptions(WHERE, options, CHECKS);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...DEFAULTS, ...given } as typeof DEFAULTS & CircuitBreakerOptions;
  const { window, openMs, maxOpenMs, slowCallMs } = settings;
  const mostCalls = 'calls' in window ? window.calls : Infinity;
  const { minimumCalls = Math.min(20, mostCalls), restore } = options;
  const forbid = (bad: boolean, name: keyof CircuitBreakerOptions, what: string): void => {
    if (bad) throw allowed(WHERE, name, options[name], what);
  };
  forbid(minimumCalls > mostCalls, 'minimumCalls', `a number of at most window.calls (${mostCalls})`);
  forbid((openMs as number) > maxOpenMs, 'openMs', `a number of at most maxOpenMs (${maxOpenMs})`);
  forbid(
    slowCallMs === Infinity && options.slowRate !== undefined,
    'slowRate',
    'left out without slowCallMs',
  );
  const slowRate = slowCallMs === Infinity ? Infinity : settings.slowRate;
  const rules: BreakerSettings = { ...settings, minimumCalls, slowRate };
  forbid(!!restore && !isSnapshot(restore, window), 'restore', 'from snapshot() of one with the same window');
  return rules;
}

// Enough to tell a snapshot of this breaker from anything else; whoever forges one gets what he deserves.
const isSnapshot = (
  { phase, openings, reasons, window }: Partial<BreakerSnapshot>,
  span: WindowSpan,
): boolean =>
  ['closed', 'open', 'half-open'].includes(phase?.kind ?? '') &&
  openings !== undefined &&
  Array.isArray(reasons) &&
  JSON.stringify(window?.span) === JSON.stringify(span);
