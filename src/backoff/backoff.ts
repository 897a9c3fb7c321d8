/**
 * How long to wait before a retry: pure functions of its number, the delays before it and chance.
 *
 * Sources: Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), for `full`, `equal` and
 * `decorrelated`; Polly's "decorrelated jitter backoff v2" for `smooth`.
 */
import { MAX_TIMER_MS, type Random } from '../core/clock.ts';
import { allowed, check, settle } from '../core/options.ts';

/** What has gone before: the delays that the backoff gave so far. */
export interface BackoffHistory {
  /** The delay before the last retry, in milliseconds; 0 before the first. */
  readonly previousMs: number;
  /** The sum of all delays so far, in milliseconds. */
  readonly totalMs: number;
  readonly random: Random;
}

/**
 * From the number of the retry (1 for the first) to the delay before it, in milliseconds: finite, >= 0, and at most
 * 2^31-1. Anything else ends the retrying. Pure: where a server gave a hint, it is asked a second time, with the highest
 * `random()`, for its ceiling.
 */
export type Backoff = (retry: number, history: BackoffHistory) => number;

/** How chance spreads a delay whose ceiling is c: `none` c · `full` U(0, c) · `equal` c/2 + U(0, c/2). */
export type Jitter = 'none' | 'full' | 'equal';

/** Jitters that replace the exponential formula by one of their own. */
export type ExponentialJitter = Jitter | 'decorrelated' | 'smooth';

// The cap comes before the jitter, so that clients which have reached it stay spread out.
const SPREAD: Readonly<Record<Jitter, (ceilingMs: number, random: Random) => number>> = {
  none: (ceilingMs) => ceilingMs,
  full: (ceilingMs, random) => random() * ceilingMs,
  equal: (ceilingMs, random) => ceilingMs / 2 + (random() * ceilingMs) / 2,
};

/** What a backoff may give: a delay that can be waited, in milliseconds. */
export const DELAY = `a number >= 0 and <= ${MAX_TIMER_MS}`;
const CEILING = `a number > 0 and <= ${MAX_TIMER_MS}`;
const JITTER = "'none' or 'full' or 'equal'";

/** Options of `exponential`. */
export interface ExponentialOptions {
  /** The ceiling of the first delay, in milliseconds, > 0. */
  readonly baseMs: number;
  /** The longest delay, in milliseconds, from `baseMs` to 2^31-1. */
  readonly maxMs: number;
  /** By how much the ceiling grows from one retry to the next, >= 1. Default: 2. Not for `decorrelated` and `smooth`. */
  readonly factor?: number | undefined;
  /** Default: `full`. */
  readonly jitter?: ExponentialJitter | undefined;
}

/**
 * The ceiling of retry n is min(maxMs, baseMs * factor^(n-1)), spread by `none`, `full` or `equal` jitter.
 * `decorrelated`: min(maxMs, U(baseMs, 3 * previous)), where previous starts at baseMs. `smooth`: with
 * t = n - 1 + U(0, 1) and f(t) = 2^t * tanh(sqrt(4t)), the delay is (f(t) - f of the retry before) / 1.4 * baseMs,
 * at most maxMs.
 *
 * @throws RangeError | TypeError - for a bad option
 * @example exponential({ baseMs: 50, maxMs: 2_000 }) // U(0, 50), U(0, 100), U(0, 200) … U(0, 2_000)
 */
export function exponential(options: ExponentialOptions): Backoff {
  const { baseMs, maxMs, factor, jitter } = settle<ExponentialSettings>(
    'exponential',
    options,
    {
      baseMs: [CEILING],
      maxMs: [CEILING],
      factor: ['a number >= 1'],
      jitter: [`${JITTER} or 'decorrelated' or 'smooth'`, 'full'],
    },
    'baseMs',
    'maxMs',
  );
  checkCap('exponential', 'baseMs', baseMs, maxMs);
  if (jitter === 'decorrelated' || jitter === 'smooth') {
    if (factor !== undefined) {
      throw allowed(
        'exponential',
        'factor',
        factor,
        `left out with jitter '${jitter}', whose formula fixes it`,
      );
    }
    return jitter === 'smooth' ? smooth(baseMs, maxMs) : decorrelated(baseMs, maxMs);
  }
  const growth = factor ?? 2;
  const spread = SPREAD[jitter];
  return (retry, { random }) => spread(Math.min(maxMs, baseMs * growth ** (retry - 1)), random);
}

function decorrelated(baseMs: number, maxMs: number): Backoff {
  return (_retry, { previousMs, random }) => {
    const widest = 3 * (previousMs || baseMs);
    return Math.min(maxMs, baseMs + random() * Math.max(0, widest - baseMs));
  };
}

function smooth(baseMs: number, maxMs: number): Backoff {
  const f = (t: number): number => 2 ** t * Math.tanh(Math.sqrt(4 * t));
  return (retry, { totalMs, random }) => {
    // The delays telescope: their sum so far says what f was before.
    const before = (totalMs * SMOOTH_SCALE) / baseMs;
    const grown = f(retry - 1 + random()) - before;
    // Beyond all numbers, and so not one: at the cap.
    if (Number.isNaN(grown)) return maxMs;
    return Math.min(maxMs, Math.max(0, (grown / SMOOTH_SCALE) * baseMs));
  };
}

// Chosen by its authors so that the median of the first delay is close to baseMs.
const SMOOTH_SCALE = 1.4;

/** Options of `linear`. */
export interface LinearOptions {
  /** The ceiling of the first delay, and by how much it grows, in milliseconds, > 0. */
  readonly stepMs: number;
  /** The longest delay, in milliseconds, from `stepMs` to 2^31-1. */
  readonly maxMs: number;
  /** Default: `none`. */
  readonly jitter?: Jitter | undefined;
}

/**
 * The ceiling of retry n is min(maxMs, stepMs * n).
 *
 * @throws RangeError | TypeError - for a bad option
 */
export function linear(options: LinearOptions): Backoff {
  const { stepMs, maxMs, jitter } = settle<LinearOptions & Spread>(
    'linear',
    options,
    { stepMs: [CEILING], maxMs: [CEILING], jitter: [JITTER, 'none'] },
    'stepMs',
    'maxMs',
  );
  checkCap('linear', 'stepMs', stepMs, maxMs);
  const spread = SPREAD[jitter];
  return (retry, { random }) => spread(Math.min(maxMs, stepMs * retry), random);
}

/** Options of `constant`. */
export interface ConstantOptions {
  /** Default: `none`. */
  readonly jitter?: Jitter | undefined;
}

/**
 * The ceiling is the same for every retry: `ms` milliseconds, from 0 to 2^31-1.
 *
 * @throws RangeError | TypeError - for a bad argument
 */
export function constant(ms: number, options: ConstantOptions = {}): Backoff {
  check('constant', 'ms', ms, DELAY);
  const { jitter } = settle<Spread>('constant', options, { jitter: [JITTER, 'none'] });
  const spread = SPREAD[jitter];
  return (_retry, { random }) => spread(ms, random);
}

function checkCap(where: string, name: string, first: number, maxMs: number): void {
  if (first > maxMs) throw allowed(where, 'maxMs', maxMs, `a number of at least ${name} (${first})`);
}

interface Spread {
  readonly jitter: Jitter;
}
type ExponentialSettings = ExponentialOptions & { readonly jitter: ExponentialJitter };
