/**
 * The services that are compared, by what stands between a request and its outbound call. Each is loaded only by the
 * process that runs it, so that nobody's memory holds the others.
 */
import type { Candidate, Settings, Work } from '../candidates/candidate.ts';

export const NAMES = [
  'plain',
  'plain, again',
  'plain, with a signal',
  'holdfast',
  'cockatiel',
  'opossum',
] as const;
/** Once is enough to see plain hang. What opossum computes of its window at each failure is seen only there. */
export const HANGING = ['plain', 'holdfast', 'cockatiel', 'opossum', 'opossum, no percentiles'] as const;
export type Name = (typeof NAMES | typeof HANGING)[number];

/**
 * No policies. Beside itself it shows how much of a difference is noise; with a signal for each call, what it costs to be
 * able to end one, whoever does it.
 */
export const PLAIN: Name = 'plain';

/** All others answer for a dependency that does not. */
export const isPlain = (name: Name): boolean => name.startsWith(PLAIN);

/** Those of a service whose dependency answers in a millisecond, or within ten of them under load. */
export const SETTINGS: Settings = {
  timeoutMs: 1_000,
  concurrency: 64,
  queue: 0,
  openMs: 2_000,
  backoffMs: 50,
};

export interface Policies {
  readonly build: Candidate['build'];
  /** What the service answers: 503 where it was turned away, 504 where it timed out. */
  statusOf(error: unknown): number;
}

const TURNED_AWAY = 503;
const TIMED_OUT = 504;
/** The call itself failed. */
const FAILED = 502;

async function holdfast(): Promise<Policies> {
  const { BulkheadFullError, CircuitOpenError, TimeoutError } = await import('holdfast');
  const { four, run } = await import('../candidates/holdfast/policies.ts');
  return {
    build: run(four),
    statusOf(error) {
      if (error instanceof CircuitOpenError || error instanceof BulkheadFullError) return TURNED_AWAY;
      return error instanceof TimeoutError ? TIMED_OUT : FAILED;
    },
  };
}

/** Its own rejections are not tried again, nor does a full bulkhead open the circuit: by default they would. */
async function cockatiel(): Promise<Policies> {
  const library = await import('cockatiel');
  const { aBreaker, aBulkhead, aRetry, aTimeout, execute } = await import('../candidates/cockatiel.ts');
  const isFull = library.isBulkheadRejectedError;
  const isRejected = (error: unknown): boolean => isFull(error) || library.isBrokenCircuitError(error);
  const worked = library.handleWhen((error) => !isFull(error));
  const admitted = library.handleWhen((error) => !isRejected(error));
  return {
    build: execute((settings) =>
      library.wrap(
        aRetry(settings, admitted),
        aBreaker(settings, worked),
        aTimeout(settings),
        aBulkhead(settings),
      ),
    ),
    statusOf(error) {
      if (isRejected(error as Error)) return TURNED_AWAY;
      return library.isTaskCancelledError(error as Error) ? TIMED_OUT : FAILED;
    },
  };
}

/**
 * It has no retry, and does not end what it gives up on. Its breaker looks at the last ten seconds: a full semaphore has
 * to be a failure there, as it is by default, for beside all that went well before, those that hang are too few.
 */
async function opossum(more: Readonly<Record<string, boolean>> = {}): Promise<Policies> {
  const { fire, THREE } = await import('../candidates/opossum.ts');
  const statuses: Readonly<Record<string, number>> = {
    EOPENBREAKER: TURNED_AWAY,
    ESEMLOCKED: TURNED_AWAY,
    ETIMEDOUT: TIMED_OUT,
  };
  return {
    build: fire((settings) => ({ ...THREE(settings), ...more })),
    statusOf: (error) => statuses[(error as { readonly code?: string }).code ?? ''] ?? FAILED,
  };
}

const plain =
  (call: (work: Work) => Promise<unknown>): (() => Promise<Policies>) =>
  async () => ({ build: (work) => ({ call: () => call(work) }), statusOf: () => FAILED });

const bare = plain((work) => work());

export const CANDIDATES: Readonly<Record<Name, () => Promise<Policies>>> = {
  plain: bare,
  'plain, again': bare,
  'plain, with a signal': plain((work) => work({ signal: new AbortController().signal })),
  holdfast,
  cockatiel,
  opossum: () => opossum(),
  'opossum, no percentiles': () => opossum({ rollingPercentilesEnabled: false }),
};
