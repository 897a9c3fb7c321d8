/** Everything that can be done to a breaker. */
import type fc from 'fast-check';
import type { Driven } from './breaker-driven.ts';
import { type Kind, Model, type Steps, stepsOf } from './commands.ts';
import type { How } from './work.ts';

export type BreakerStep =
  /** A call is made through `run`, or a permit taken. */
  | { readonly do: 'call' | 'acquire' | 'open' | 'close' }
  | { readonly do: 'isolate' | 'release'; readonly reason: string }
  /** One of those that are out ends; a failure of a call may carry a server's hint. */
  | { readonly do: How; readonly nth: number; readonly hintMs?: number }
  | { readonly do: 'advance'; readonly ms: number }
  /** Time moves to the end of the opening at hand, or not quite. */
  | { readonly do: 'reach'; readonly earlyMs: number }
  /** A listener changes the state again as soon as it hears of a change. */
  | { readonly do: 'react'; readonly with: 'open' | 'close' }
  /** The process starts anew from a snapshot. */
  | { readonly do: 'restart' };

/** A claim about a breaker. */
export class BreakerModel extends Model<BreakerStep, Driven> {}

const NTH = [0, 1, 2, -1];
const ends = (how: How, more: { readonly hintMs?: number } = {}): BreakerStep[] =>
  NTH.map((nth) => ({ do: how, nth, ...more }));

const KINDS: readonly Kind<BreakerStep>[] = [
  [6, [{ do: 'acquire' }]],
  [6, [{ do: 'call' }]],
  [6, ends('failure')],
  [2, ends('success')],
  [2, ends('ignore')],
  [1, [70, 250, 5_000].flatMap((hintMs) => ends('failure', { hintMs }))],
  [3, [10, 60, 1, 7, 100, 400].map((ms) => ({ do: 'advance', ms }))],
  // Possible only while it is open.
  [20, [0, 0, 0, 1].map((earlyMs) => ({ do: 'reach', earlyMs }))],
  [2, [{ do: 'open' }]],
  [1, [{ do: 'close' }]],
  [1, ['ann', 'bob'].map((reason) => ({ do: 'isolate', reason }))],
  // Possible only while it is isolated.
  [12, ['ann', 'bob'].map((reason) => ({ do: 'release', reason }))],
];

/** Up to so many steps; `more` are steps that not everyone wants. */
export const breakerSteps = (
  maxSteps: number,
  more: readonly BreakerStep[] = [],
): fc.Arbitrary<Steps<BreakerStep>> =>
  stepsOf(more.length > 0 ? [...KINDS, [6, more] as const] : KINDS, maxSteps);
