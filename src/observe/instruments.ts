/**
 * Everything that is measured, in one table: what metrics are called, what they count, and the only values that their
 * labels take. The adapters make their metrics of it, each in its own spelling, and the docs are held to it. The names
 * are promised to users' dashboards and alerts: a row may be added, and none changes.
 */
import { CALL_RESULTS } from '../pipeline/result.ts';

/** One row of the table. */
export interface Instrument {
  /** Its parts are joined by dots, without a prefix: `call.duration`. */
  readonly name: string;
  /** A counter never goes back, a gauge does, a histogram is told of single values. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** In UCUM: seconds (`s`), a share (`1`), or what is counted, in braces. */
  readonly unit: string;
  /** What it measures, in one sentence without a full stop. */
  readonly help: string;
  /** Whether each policy has series of its own, labelled with it, beside the pipeline. */
  readonly perPolicy: boolean;
  /** What else it is labelled with, each with all values that it takes. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

type Row<Labels> = Instrument & { readonly labels: Labels };

function row<const Labels extends Instrument['labels'] = Record<never, never>>(
  name: string,
  kind: Instrument['kind'],
  unit: string,
  help: string,
  labels?: Labels,
): Row<Labels> {
  return { name, kind, unit, help, perPolicy: false, labels: labels ?? ({} as Labels) };
}

const ofPolicy: typeof row = (...columns) => ({ ...row(...columns), perPolicy: true });

const STATES = ['closed', 'open', 'half-open', 'isolated'];

/** All instruments. */
export const INSTRUMENTS = {
  calls: row('calls', 'counter', '{call}', 'Runs of the pipeline that have settled', {
    outcome: CALL_RESULTS,
  }),
  callDuration: row('call.duration', 'histogram', 's', 'Time from the start of a run until it settled', {
    outcome: CALL_RESULTS,
  }),
  attemptDuration: row(
    'attempt.duration',
    'histogram',
    's',
    'Time from an invocation of the operation until it ended or was given up',
    { outcome: ['success', 'failure', 'timeout', 'aborted'] },
  ),
  abandoned: row('abandoned', 'counter', '{attempt}', 'Invocations that were given up while they ran'),
  abandonedRunning: row(
    'abandoned.running',
    'gauge',
    '{attempt}',
    'Invocations that were given up and still run',
  ),
  rejections: ofPolicy('rejections', 'counter', '{rejection}', 'Calls and attempts that a policy refused', {
    reason: ['open', 'half-open', 'isolated', 'full', 'queue-timeout', 'other'],
  }),
  timeouts: ofPolicy('timeouts', 'counter', '{timeout}', 'Times that the time of a call or attempt was over'),
  retries: ofPolicy('retries', 'counter', '{retry}', 'Attempts after the first, by what came of them', {
    result: ['success', 'failure', 'rejected', 'aborted'],
  }),
  retrySleep: ofPolicy('retry.sleep', 'counter', 's', 'Time slept before attempts after the first'),
  retryExhausted: ofPolicy(
    'retry.exhausted',
    'counter',
    '{call}',
    'Failures after which no attempt came, by why not: `budget` if the retry budget refused it',
    { reason: ['retries', 'budget', 'deadline', 'hint', 'judge', 'backoff'] },
  ),
  retryBudgetTokens: ofPolicy(
    'retry.budget_tokens',
    'gauge',
    '{retry}',
    'Retries for which the budget has tokens',
  ),
  circuitState: ofPolicy('circuit.state', 'gauge', '{circuit}', 'Circuits that are in this state', {
    state: STATES,
  }),
  circuitTransitions: ofPolicy('circuit.transitions', 'counter', '{transition}', 'Changes of state', {
    from: STATES,
    to: STATES,
  }),
  circuitFailureRatio: ofPolicy(
    'circuit.failure_ratio',
    'gauge',
    '1',
    'Share of failures among the calls in the window',
  ),
  circuitSlowRatio: ofPolicy(
    'circuit.slow_ratio',
    'gauge',
    '1',
    'Share of slow calls among the calls in the window',
  ),
  circuitWindowCalls: ofPolicy('circuit.window_calls', 'gauge', '{call}', 'Calls in the window'),
  circuitOpen: ofPolicy('circuit.open', 'counter', 's', 'Time for which the circuit was open'),
  circuitStale: ofPolicy(
    'circuit.stale_results',
    'counter',
    '{result}',
    'Results that came after the state had changed',
  ),
  incidentDetection: ofPolicy(
    'incident.detection',
    'histogram',
    's',
    'Time from the last healthy part of the window until the circuit tripped',
  ),
  incidentRecovery: ofPolicy(
    'incident.recovery',
    'histogram',
    's',
    'Time from when the circuit tripped until it closed',
  ),
  incidentRejections: ofPolicy(
    'incident.rejections',
    'histogram',
    '{call}',
    'Calls that the circuit rejected from when it tripped until it closed',
  ),
  bulkheadInFlight: ofPolicy('bulkhead.in_flight', 'gauge', '{call}', 'Calls that hold a place'),
  bulkheadQueued: ofPolicy('bulkhead.queued', 'gauge', '{call}', 'Calls that wait for a place'),
  bulkheadConcurrency: ofPolicy(
    'bulkhead.concurrency_limit',
    'gauge',
    '{call}',
    'Calls that may hold a place at once',
  ),
  bulkheadQueue: ofPolicy(
    'bulkhead.queue_limit',
    'gauge',
    '{call}',
    'Calls that may wait for a place at once',
  ),
  bulkheadAbandoned: ofPolicy(
    'bulkhead.abandoned',
    'gauge',
    '{call}',
    'Places held by work for which nobody waits any more',
  ),
  bulkheadWait: ofPolicy('bulkhead.wait', 'histogram', 's', 'Time that calls which had to wait have waited'),
} as const satisfies Readonly<Record<string, Instrument>>;
