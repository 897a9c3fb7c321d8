/** The circuit breaker's options: what they mean, their defaults, and the rules of the machine that follow from them. */
import type { Backoff } from '../../backoff/backoff.ts';
import type { CommonOptions, SharedSettings } from '../../core/built-in.ts';
import type { Random } from '../../core/clock.ts';
import type { Judge } from '../../core/judge.ts';
import {
  ANYTHING,
  allowed,
  CLOCK,
  COUNT,
  check,
  DURATION,
  FLAG,
  FUNCTION,
  NAME,
  type Rules,
  settle,
} from '../../core/options.ts';
import type { WindowSpan } from '../../structures/window.ts';
import type { BreakerRules, BreakerSnapshot, Phase } from './machine.ts';

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

const SHARE = 'a finite number > 0 and <= 1';

const RULES: Rules = {
  name: NAME,
  clock: CLOCK,
  random: [FUNCTION],
  judge: [FUNCTION],
  captureStack: [FLAG],
  window: [ANYTHING, { ms: 10_000 }],
  failureRate: [SHARE, 0.5],
  minimumCalls: [COUNT],
  lowTrafficFailures: [`${COUNT} (Infinity is allowed)`, 5],
  consecutiveFailures: [COUNT, Infinity],
  slowCallMs: [DURATION, Infinity],
  slowRate: [SHARE, 0.5],
  openMs: [`${DURATION} or ${FUNCTION}`, 5_000],
  maxOpenMs: [DURATION, 300_000],
  probes: [COUNT, 1],
  probeTimeoutMs: [DURATION, 30_000],
  observeOnly: [FLAG, false],
  restore: [ANYTHING],
};

/** Checked options, with the defaults filled in. */
export interface BreakerSettings extends BreakerRules, SharedSettings {
  readonly window: WindowSpan;
  readonly slowCallMs: number;
  readonly openMs: number | Backoff;
  readonly observeOnly: boolean;
  readonly restore: BreakerSnapshot | undefined;
}

/** @throws RangeError | TypeError - for a bad option */
export function settingsFrom(options: CircuitBreakerOptions): BreakerSettings {
  const where = 'circuitBreaker';
  const settings: Writable<BreakerSettings> = settle(where, options, RULES);
  const { window, openMs, maxOpenMs, slowCallMs, restore } = settings;
  const forbid = (bad: unknown, name: keyof CircuitBreakerOptions, what: string): void => {
    if (bad) throw allowed(where, name, settings[name], what);
  };
  const [kind, second] = Object.keys(window ?? {});
  forbid(second || !/^(ms|calls)$/.test(`${kind}`), 'window', 'either { ms } or { calls }');
  settings.window = { ...window };
  const size = (window as { [each in string]: number })[`${kind}`] as number;
  check(where, `window.${kind}`, size, kind === 'ms' ? DURATION : COUNT);
  const mostCalls = kind === 'ms' ? Infinity : size;
  settings.minimumCalls ??= Math.min(20, mostCalls);
  forbid(
    settings.minimumCalls > mostCalls,
    'minimumCalls',
    `a number of at most window.calls (${mostCalls})`,
  );
  forbid((openMs as number) > maxOpenMs, 'openMs', `a number of at most maxOpenMs (${maxOpenMs})`);
  if (slowCallMs === Infinity) {
    forbid(options.slowRate !== undefined, 'slowRate', 'left out without slowCallMs');
    settings.slowRate = Infinity;
  }
  forbid(
    restore !== undefined && !isSnapshot(restore, window),
    'restore',
    'from snapshot() of one with the same window',
  );
  return settings;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const isCount = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;
const holdsCounts = (from: unknown, ...keys: readonly string[]): boolean =>
  keys.every((key) => isCount((from as Record<string, unknown> | null | undefined)?.[key]));

// Enough to tell a snapshot of such a breaker from anything else.
const isSnapshot = (value: Partial<BreakerSnapshot> | null, span: WindowSpan): boolean => {
  const { version, phase, openings, reasons, window } = value ?? {};
  const { kind, ...inPhase }: Partial<Phase> = phase ?? {};
  const { buckets, span: spanThen } = window ?? {};
  return (
    version === 1 &&
    holdsCounts(value, 'ageMs') &&
    /^(closed|open|half-open)$/.test(`${kind}`) &&
    holdsCounts(phase, ...Object.keys(inPhase), ...(kind === 'open' ? ['waitMs'] : [])) &&
    holdsCounts(openings, 'count', 'lastMs', 'totalMs') &&
    Array.isArray(reasons) &&
    reasons.every((reason) => typeof reason === 'string') &&
    holdsCounts(window, 'ageMs', 'newest') &&
    Array.isArray(buckets) &&
    buckets.every(isCount) &&
    JSON.stringify(spanThen) === JSON.stringify(span)
  );
};
