/** Which event of a pipeline becomes which line. */
import type { BuiltIn } from '../../core/built-in.ts';
import type { EventOrigin, ListenerErrorEvent, TimeoutEvent } from '../../core/events.ts';
import type { Keyed, KeyedOverflowEvent } from '../../pipeline/keyed.ts';
import type {
  BulkheadAbandonEvent,
  BulkheadEvent,
  BulkheadRejectEvent,
} from '../../policies/bulkhead/bulkhead.ts';
import type { CircuitBreaker } from '../../policies/circuit-breaker/circuit-breaker.ts';
import type { BreakerRejectEvent, BreakerStateEvent } from '../../policies/circuit-breaker/events.ts';
import type { FallbackEvent } from '../../policies/fallback.ts';
import type { ExhaustedEvent, RetryEvent } from '../../policies/retry/retry.ts';
import type { Place } from '../follow.ts';
import type { AnyPipeline } from '../sources.ts';
import { cut, errorFields } from './describe.ts';
import type { Digest } from './digest.ts';
import { Incidents } from './incidents.ts';
import type { LogEvent } from './lines.ts';
import { listen } from './listen.ts';

const isBreaker = (policy: BuiltIn<object, unknown> | undefined): policy is CircuitBreaker =>
  policy?.kind === 'circuit-breaker';

function placesOf({ inFlight, queued, concurrency, queue }: BulkheadEvent): object {
  return { inFlight, queued, concurrency, queue };
}

export class Listeners {
  readonly #digest: Digest<LogEvent>;
  readonly #includeErrors: boolean;
  readonly #incidents: Incidents;

  constructor(digest: Digest<LogEvent>, includeErrors: boolean) {
    this.#digest = digest;
    this.#includeErrors = includeErrors;
    this.#incidents = new Incidents(includeErrors);
  }

  /** Listens to a pipeline; returns what ends that. */
  attach(pipeline: AnyPipeline, place?: Place): () => void {
    const policies = new Map(pipeline.builtIns.map((policy) => [pipeline.labelOf(policy as never), policy]));
    const breakers = [...policies.values()].filter(isBreaker);
    for (const breaker of breakers) this.#incidents.watch(breaker);
    const source = {
      pipeline: cut(pipeline.name),
      ...(place && { keyed: cut(place.keyed), key: cut(place.key) }),
    };
    const prefix = JSON.stringify([pipeline.name, place?.keyed, place?.key]);
    const add = (
      event: LogEvent,
      { policy }: EventOrigin,
      fields: () => object,
      detail = '',
      urgent = false,
    ): void =>
      this.#digest.add({
        event,
        place: `${prefix}${policy}\n${detail}`,
        fields: () => ({ ...source, policy: cut(policy), ...fields() }),
        urgent,
      });
    const failed = (error: unknown) => errorFields(error, this.#includeErrors);
    return listen(pipeline, {
      state: (event: BreakerStateEvent) => {
        const breaker = policies.get(event.policy);
        if (!isBreaker(breaker) || !this.#incidents.isNews(event)) return;
        const said = this.#incidents.change(breaker, event);
        const become = event.to === 'open' ? 'opened' : event.to;
        add(`holdfast.circuit.${become}`, event, () => said, '', true);
      },
      reject: (event: BreakerRejectEvent | BulkheadRejectEvent) => {
        const policy = policies.get(event.policy);
        if (isBreaker(policy)) {
          const { state, retryAfterMs, observed } = event as BreakerRejectEvent;
          const tell = this.#incidents.reject(policy, retryAfterMs);
          add('holdfast.circuit.rejected', event, () => ({ state, ...tell(), observed }));
        } else if (policy?.kind === 'bulkhead') {
          const full = event as BulkheadRejectEvent;
          const { reason } = full;
          add('holdfast.bulkhead.rejected', event, () => ({ reason, ...placesOf(full) }), reason);
        }
      },
      abandon: (event: BulkheadAbandonEvent) => {
        const { abandoned } = event;
        add('holdfast.bulkhead.abandoned', event, () => ({ abandoned, ...placesOf(event) }));
      },
      reclaim: (event: BulkheadAbandonEvent) => {
        const { abandoned } = event;
        add('holdfast.bulkhead.reclaimed', event, () => ({ abandoned, ...placesOf(event) }));
      },
      timeout: (event: TimeoutEvent) => {
        const { ms } = event;
        add('holdfast.timeout', event, () => ({ ms }));
      },
      retry: (event: RetryEvent) => {
        const { attempt, delayMs, outcome } = event;
        add('holdfast.retry', event, () => ({ attempt, delayMs, ...(!outcome.ok && failed(outcome.error)) }));
      },
      exhausted: (event: ExhaustedEvent) => {
        const { reason, attempt, outcome } = event;
        const fields = (): object => ({ attempt, ...(!outcome.ok && failed(outcome.error)) });
        // An outcome that is not to be tried again is an answer like others.
        if (reason === 'judge') return;
        if (reason === 'budget') add('holdfast.retry.budget-spent', event, fields);
        else add('holdfast.retry.exhausted', event, () => ({ reason, ...fields() }), reason);
      },
      fallback: (event: FallbackEvent) => {
        add('holdfast.fallback', event, () => failed(event.error));
      },
      'listener-error': (event: ListenerErrorEvent) => {
        add('holdfast.listener-error', event, () => failed(event.error));
      },
    });
  }

  /** Listens to a `keyed` itself. */
  attachKeyed(keyed: Keyed<AnyPipeline>): () => void {
    return listen(keyed, {
      overflow: ({ policy, inFlight, circuits }: KeyedOverflowEvent<AnyPipeline>) => {
        const fields = () => ({ policy, keyed: policy, inFlight, circuits });
        this.#digest.add({ event: 'holdfast.keyed.overflow', place: policy, fields });
      },
    });
  }
}
