/** Every line that can be written: its event, its level, what its message says, and the fields that it may have. */

interface LineKind {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** The message, after the names of pipeline and policy: the same each time, so that logs can be grouped by it. */
  readonly says: string;
  /** Besides those of every line. */
  readonly fields: readonly string[];
}

/** The fields of every line; those that do not apply are left out. */
export const COMMON_FIELDS = ['event', 'pipeline', 'policy', 'keyed', 'key', 'count', 'others'] as const;

const ERROR = ['errorName', 'errorCode', 'err'] as const;
const TRIP = ['since', 'reason', 'failureRate', 'calls', 'failures', 'slow', 'openings', ...ERROR] as const;
const NEXT = ['retryAfterMs', 'nextProbeAt', 'observed'] as const;
const PLACES = ['inFlight', 'queued', 'concurrency', 'queue'] as const;

const kinds = {
  'holdfast.circuit.opened': { level: 'warn', says: 'opened', fields: [...TRIP, ...NEXT] },
  'holdfast.circuit.half-open': { level: 'info', says: 'is half-open', fields: [...TRIP, 'observed'] },
  'holdfast.circuit.closed': {
    level: 'info',
    says: 'closed',
    fields: ['since', 'reason', 'openForMs', 'rejected', 'observed'],
  },
  'holdfast.circuit.isolated': {
    level: 'warn',
    says: 'is isolated',
    fields: ['since', 'reasons', 'observed'],
  },
  'holdfast.circuit.rejected': { level: 'warn', says: 'rejects calls', fields: ['state', ...TRIP, ...NEXT] },
  'holdfast.bulkhead.rejected': { level: 'warn', says: 'rejects calls', fields: ['reason', ...PLACES] },
  'holdfast.bulkhead.abandoned': {
    level: 'warn',
    says: 'keeps places for work that nobody waits for',
    fields: ['abandoned', ...PLACES],
  },
  'holdfast.bulkhead.reclaimed': {
    level: 'warn',
    says: 'gave away the places of work that still runs',
    fields: ['abandoned', ...PLACES],
  },
  'holdfast.timeout': { level: 'warn', says: 'gave up on calls', fields: ['ms'] },
  'holdfast.retry': { level: 'debug', says: 'tries again', fields: ['attempt', 'delayMs', ...ERROR] },
  'holdfast.retry.exhausted': { level: 'info', says: 'gave up', fields: ['reason', 'attempt', ...ERROR] },
  'holdfast.retry.budget-spent': {
    level: 'warn',
    says: 'has spent its budget',
    fields: ['attempt', ...ERROR],
  },
  'holdfast.fallback': { level: 'info', says: 'answers for calls that failed', fields: ERROR },
  'holdfast.keyed.overflow': {
    level: 'warn',
    says: 'has no room for more',
    fields: ['inFlight', 'circuits'],
  },
  'holdfast.listener-error': { level: 'error', says: 'was given a function that threw', fields: ERROR },
} as const satisfies Record<string, LineKind>;

/** The `event` of a line. */
export type LogEvent = keyof typeof kinds;

export const LINES: Readonly<Record<LogEvent, LineKind>> = kinds;
