/** All the formulas, with caps that are reached within a few retries, and limits to a server's hint. */
import type { Formula } from './model.ts';
import type { ScheduleConfig } from './system.ts';

const SPREADS = ['none', 'full', 'equal'] as const;

const formulas: readonly Formula[] = [
  ...[8, 40, 2 ** 31 - 1].flatMap((maxMs) =>
    (['smooth', 'decorrelated'] as const).map((kind): Formula => ({ kind, baseMs: 8, maxMs })),
  ),
  ...SPREADS.flatMap((jitter): Formula[] => [
    ...[8, 20, 2 ** 31 - 1].flatMap((maxMs) =>
      [1, 2, 3].map((factor): Formula => ({ kind: 'exponential', baseMs: 8, maxMs, factor, jitter })),
    ),
    ...[4, 10, 2 ** 31 - 1].map((maxMs): Formula => ({ kind: 'linear', stepMs: 4, maxMs, jitter })),
    ...[0, 16, 2 ** 31 - 1].map((ms): Formula => ({ kind: 'constant', ms, jitter })),
  ]),
  ...[-1, Number.NaN, Infinity, 2 ** 31].map((gives): Formula => ({ kind: 'faulty', gives })),
];

export const scheduleConfigurations: readonly ScheduleConfig[] = formulas.flatMap((formula) =>
  [0, 20, 60_000, Infinity].map((maxRetryAfterMs) => ({
    name: `${Object.values(formula).join(' ')}, hints of at most ${maxRetryAfterMs} ms`,
    formula,
    maxRetryAfterMs,
    retries: 4,
  })),
);
