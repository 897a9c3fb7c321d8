/** What the documents say of each backoff: from where to where a delay may lie. Written from the formulas alone. */
import { type Backoff, constant, type ExponentialJitter, exponential, type Jitter, linear } from 'holdfast';

export type Plan =
  | { readonly linear: { readonly stepMs: number; readonly maxMs: number; readonly jitter: Jitter } }
  | { readonly constant: { readonly ms: number; readonly jitter: Jitter } }
  | {
      readonly exponential: {
        readonly baseMs: number;
        readonly maxMs: number;
        readonly factor?: number;
        readonly jitter: ExponentialJitter;
      };
    };

/** The delays that went before. */
export interface History {
  readonly previousMs: number;
  readonly totalMs: number;
}

export type Interval = readonly [low: number, high: number];

export function backoffOf(plan: Plan): Backoff {
  if ('linear' in plan) return linear(plan.linear);
  if ('constant' in plan) return constant(plan.constant.ms, { jitter: plan.constant.jitter });
  return exponential(plan.exponential);
}

export const jitterOf = (plan: Plan): ExponentialJitter => {
  const [{ jitter }] = Object.values(plan) as [{ readonly jitter: ExponentialJitter }];
  return jitter;
};

/** The longest delay that there may be, whatever chance says. */
export function capOf(plan: Plan): number {
  if ('constant' in plan) return plan.constant.ms;
  return 'linear' in plan ? plan.linear.maxMs : plan.exponential.maxMs;
}

/** The ceiling of this retry, where the plan has one that does not depend on what went before. */
export function ceilingOf(plan: Plan, retry: number): number {
  if ('constant' in plan) return plan.constant.ms;
  if ('linear' in plan) return Math.min(plan.linear.maxMs, plan.linear.stepMs * retry);
  const { baseMs, maxMs, factor = 2 } = plan.exponential;
  return Math.min(maxMs, baseMs * factor ** (retry - 1));
}

/** Where the delay before this retry may lie. */
export function intervalOf(plan: Plan, retry: number, { previousMs, totalMs }: History): Interval {
  const ceiling = ceilingOf(plan, retry);
  if ('exponential' in plan) {
    const { baseMs, maxMs, jitter } = plan.exponential;
    if (jitter === 'decorrelated')
      return [baseMs, Math.min(maxMs, Math.max(baseMs, 3 * (previousMs || baseMs)))];
    if (jitter === 'smooth') {
      const [low, high] = [retry - 1, retry].map((t) => {
        const ms = (2 ** t * Math.tanh(Math.sqrt(4 * t)) * baseMs) / 1.4 - totalMs;
        return Math.min(maxMs, Math.max(0, ms));
      });
      // The sum of the delays so far is rounded, which tells where little is left of much.
      const blur = totalMs * 1e-12;
      return [(low ?? NaN) - blur, (high ?? NaN) + blur];
    }
  }
  return INTERVALS[jitterOf(plan) as Jitter](ceiling);
}

const INTERVALS: Readonly<Record<Jitter, (ceiling: number) => Interval>> = {
  none: (ceiling) => [ceiling, ceiling],
  full: (ceiling) => [0, ceiling],
  equal: (ceiling) => [ceiling / 2, ceiling],
};
