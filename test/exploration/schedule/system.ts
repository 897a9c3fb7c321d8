/** The schedule of a retry beside the naive one, in every situation near a boundary, after every history of delays. */
import { type Backoff, constant, exponential, linear } from '../../../src/backoff/backoff.ts';
import { RetrySchedule } from '../../../src/policies/retry/schedule.ts';
import { agree } from '../agree.ts';
import { copyOf } from '../copy.ts';
import type { System } from '../explore.ts';
import { answerTo, delayOf, type Formula, type Situation } from './model.ts';

export interface ScheduleConfig {
  readonly name: string;
  readonly formula: Formula;
  readonly maxRetryAfterMs: number;
  readonly retries: number;
}

interface Pair {
  readonly schedule: RetrySchedule;
  /** The delays that the backoff gave so far. */
  readonly delays: readonly number[];
  readonly over: boolean;
}

const CHANCES = [0, 0.25, 0.75];

/** Just below, at, and just above. */
const around = (edge: number): number[] => (Number.isFinite(edge) ? [edge - 1, edge, edge + 1] : [edge]);

function backoffOf(formula: Formula): Backoff {
  switch (formula.kind) {
    case 'faulty':
      return (retry) => (retry === 2 ? formula.gives : 1);
    case 'decorrelated':
    case 'smooth':
      return exponential({ baseMs: formula.baseMs, maxMs: formula.maxMs, jitter: formula.kind });
    case 'exponential': {
      const { kind: _, ...options } = formula;
      return exponential(options);
    }
    case 'linear':
      return linear({ stepMs: formula.stepMs, maxMs: formula.maxMs, jitter: formula.jitter });
    case 'constant':
      return constant(formula.ms, { jitter: formula.jitter });
  }
}

export function scheduleSystem(config: ScheduleConfig): System<Pair, Situation> {
  const { formula, maxRetryAfterMs, retries } = config;

  return {
    initial: {
      schedule: new RetrySchedule(backoffOf(formula), maxRetryAfterMs),
      delays: [],
      over: false,
    },

    events({ delays, over }) {
      if (over || delays.length === retries) return [];
      const longest = around(maxRetryAfterMs === Infinity ? 2 ** 31 - 1 : maxRetryAfterMs);
      return CHANCES.flatMap((u) => {
        const own = delayOf(formula, delays, u);
        const hints = [0, ...around(own), own * 20, ...longest].filter((ms) => ms >= 0);
        return [undefined, ...new Set(hints)].flatMap((hintMs) => {
          const free = answerTo(formula, maxRetryAfterMs, delays, { u, hintMs, remainingMs: Infinity });
          const edges = [
            ...around(typeof free === 'number' ? free : 1),
            ...around(hintMs ?? Infinity),
            Infinity,
          ];
          const times = new Set(edges.map((ms) => Math.max(0, ms)));
          return [...times].map((remainingMs) => ({ u, hintMs, remainingMs }));
        });
      });
    },

    after(before, situation) {
      const { u, hintMs, remainingMs } = situation;
      const schedule = copyOf(before.schedule);
      const expected = answerTo(formula, maxRetryAfterMs, before.delays, situation);
      let answer: ReturnType<RetrySchedule['next']> | 'throws' = 'throws';
      try {
        answer = schedule.next({ retryAfterMs: hintMs, remainingMs, random: () => u });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      agree('the delay, or why there is none', answer, expected);
      if (typeof answer !== 'number') return { ...before, schedule, over: true };
      agree('a delay shorter than the hint', answer < (hintMs ?? 0), false);
      agree('a delay that no timer can wait', answer >= 0 && answer <= 2 ** 31 - 1, true);
      agree('a delay that reaches the deadline', answer >= remainingMs, false);
      return { schedule, delays: [...before.delays, delayOf(formula, before.delays, u)], over: false };
    },

    key({ schedule, delays, over }) {
      const { retry, previousMs, totalMs } = schedule as unknown as Record<string, number>;
      return over ? 'over' : [retry, previousMs, totalMs, ...delays].join();
    },

    say: ({ u, hintMs, remainingMs }) =>
      `a retry, chance ${u}, hint ${hintMs ?? 'none'}, ${remainingMs} ms until the deadline`,
  };
}
