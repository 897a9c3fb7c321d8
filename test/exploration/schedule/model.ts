/**
 * When the next attempt comes, as the documents tell it, written without a look at the real schedule: from the plain
 * list of the delays before it, each formula as it is printed.
 */

type Spread = 'none' | 'full' | 'equal';

/** A ceiling for each retry, and how chance spreads the delay below it. */
type Ceiling =
  | { readonly kind: 'exponential'; readonly baseMs: number; readonly maxMs: number; readonly factor: number }
  | { readonly kind: 'linear'; readonly stepMs: number; readonly maxMs: number }
  | { readonly kind: 'constant'; readonly ms: number };

export type Formula =
  | (Ceiling & { readonly jitter: Spread })
  | { readonly kind: 'decorrelated' | 'smooth'; readonly baseMs: number; readonly maxMs: number }
  /** A user's own that gives this in place of its second delay. */
  | { readonly kind: 'faulty'; readonly gives: number };

const f = (t: number): number => 2 ** t * Math.tanh(Math.sqrt(4 * t));

/** The delay after those before it, where chance gives `u` of [0, 1). */
export function delayOf(formula: Formula, before: readonly number[], u: number): number {
  const n = before.length + 1;
  switch (formula.kind) {
    case 'faulty':
      return n === 2 ? formula.gives : 1;
    case 'decorrelated': {
      const previous = before.at(-1) ?? formula.baseMs;
      return Math.min(formula.maxMs, formula.baseMs + u * (3 * previous - formula.baseMs));
    }
    case 'smooth': {
      const { baseMs, maxMs } = formula;
      const totalMs = before.reduce((sum, ms) => sum + ms, 0);
      const previousF = (totalMs * 1.4) / baseMs;
      return Math.min(maxMs, Math.max(0, ((f(n - 1 + u) - previousF) / 1.4) * baseMs));
    }
    default: {
      const ceiling = ceilingOf(formula, n);
      if (formula.jitter === 'none') return ceiling;
      return formula.jitter === 'full' ? u * ceiling : ceiling / 2 + u * (ceiling / 2);
    }
  }
}

function ceilingOf(formula: Ceiling, n: number): number {
  switch (formula.kind) {
    case 'exponential':
      return Math.min(formula.maxMs, formula.baseMs * formula.factor ** (n - 1));
    case 'linear':
      return Math.min(formula.maxMs, formula.stepMs * n);
    case 'constant':
      return formula.ms;
  }
}

export interface Situation {
  /** What chance gives. */
  readonly u: number;
  /** The server's hint. */
  readonly hintMs: number | undefined;
  /** Until the deadline. */
  readonly remainingMs: number;
}

const LONGEST_MS = 2 ** 31 - 1;

/** The delay, or why there is none. */
export function answerTo(
  formula: Formula,
  maxRetryAfterMs: number,
  before: readonly number[],
  { u, hintMs, remainingMs }: Situation,
): number | 'hint' | 'deadline' | 'throws' {
  const own = delayOf(formula, before, u);
  if (!(own >= 0 && own <= LONGEST_MS)) return 'throws';
  let delay = own;
  if (hintMs !== undefined) {
    if (hintMs > maxRetryAfterMs || hintMs > LONGEST_MS || hintMs >= remainingMs) return 'hint';
    const widest = Math.min(delayOf(formula, before, 1 - 2 ** -53), hintMs / 10);
    delay = Math.max(own, Math.min(LONGEST_MS, hintMs + u * widest));
  }
  return delay >= remainingMs ? 'deadline' : delay;
}
