import {
  type BreakerRejectEvent,
  type BreakerStateEvent,
  type BulkheadRejectEvent,
  bulkhead,
  type CallReport,
  circuitBreaker,
  type ExhaustedEvent,
  type FallbackEvent,
  fallback,
  type ListenerErrorEvent,
  type Outcome,
  pipeline,
  type RetryEvent,
  retry,
  type TimeoutEvent,
  timeout,
} from 'holdfast';
import { describe, expectTypeOf, test } from 'vitest';

describe('events are typed by the policies', () => {
  const whole = pipeline(
    'p',
    fallback(1),
    timeout({ ms: 5 }),
    retry(),
    circuitBreaker(),
    timeout({ ms: 1 }),
    bulkhead(),
    retry(),
  );

  test('a pipeline emits those of all its policies, and call', () => {
    whole
      .on('call', (event) => expectTypeOf(event).toEqualTypeOf<CallReport>())
      .on('retry', (event) => expectTypeOf(event).toEqualTypeOf<RetryEvent>())
      .on('exhausted', (event) => expectTypeOf(event).toEqualTypeOf<ExhaustedEvent>())
      .on('state', (event) => expectTypeOf(event).toEqualTypeOf<BreakerStateEvent>())
      .on('timeout', (event) => expectTypeOf(event).toEqualTypeOf<TimeoutEvent>())
      .once('fallback', (event) => expectTypeOf(event).toEqualTypeOf<FallbackEvent>())
      .on('listener-error', (event) => expectTypeOf(event).toEqualTypeOf<ListenerErrorEvent>());
  });

  test('but not those of policies that it has not', () => {
    const subject = pipeline('p', retry());
    // @ts-expect-error there is no breaker
    subject.on('state', () => {});
    // @ts-expect-error there is no such event
    subject.on('retries', () => {});
    // @ts-expect-error nor does a policy emit those of another
    retry().on('state', () => {});
    // @ts-expect-error a policy alone makes no report
    retry().on('call', () => {});
  });

  test('also those of nested pipelines', () => {
    pipeline('outer', pipeline('inner', circuitBreaker())).on('state', (event) =>
      expectTypeOf(event).toEqualTypeOf<BreakerStateEvent>(),
    );
  });

  test('of one name, from policies of two kinds, are one or the other', () => {
    pipeline('p', circuitBreaker(), bulkhead()).on('reject', (event) => {
      expectTypeOf(event).toEqualTypeOf<BreakerRejectEvent | BulkheadRejectEvent>();
    });
  });

  test('are a timeout in each pipeline: the deadline of a run is one', () => {
    pipeline('p', retry()).on('timeout', (event) => expectTypeOf(event).toEqualTypeOf<TimeoutEvent>());
  });

  test('without policies there are its own', () => {
    pipeline('p').on('call', ({ outcome }) => expectTypeOf(outcome).toEqualTypeOf<Outcome>());
  });

  test('a listener may be async, and need not take the event', () => {
    whole.on('call', async () => {}).on('retry', () => 5);
    const stateListener = (event: BreakerStateEvent) => event.to;
    whole.on('state', stateListener).off('state', stateListener).off('state');
    // @ts-expect-error it is no listener for that
    whole.on('retry', stateListener);
  });

  test('an outcome is told apart by ok', () => {
    whole.on('call', ({ outcome }) => {
      if (outcome.ok) expectTypeOf(outcome.error).toEqualTypeOf<undefined>();
      else expectTypeOf(outcome.value).toEqualTypeOf<undefined>();
    });
  });
});
