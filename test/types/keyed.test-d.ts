import {
  type BreakerStateEvent,
  bulkhead,
  type Call,
  circuitBreaker,
  type EventsOf,
  type ExtraOf,
  fallback,
  type Keyed,
  type KeyedCreateEvent,
  type KeyedEvents,
  type KeyedEvictEvent,
  type KeyedOverflowEvent,
  keyed,
  type ListenerErrorEvent,
  type Pipeline,
  pipeline,
} from 'holdfast';
import { describe, expectTypeOf, test } from 'vitest';

const make = (key: string) => pipeline(key, fallback('none' as const), circuitBreaker(), bulkhead());
type Made = ReturnType<typeof make>;
const hosts = keyed(make);

describe('keyed', () => {
  test('knows what its pipelines are', () => {
    expectTypeOf(hosts).toEqualTypeOf<Keyed<Made>>();
    expectTypeOf(hosts.get('a')).toEqualTypeOf<Made>();
    expectTypeOf(hosts.entries()).toEqualTypeOf<IterableIterator<[key: string, pipeline: Made]>>();
    expectTypeOf<ExtraOf<Made>>().toEqualTypeOf<'none'>();
    hosts.get('a').on('state', (event) => expectTypeOf(event).toEqualTypeOf<BreakerStateEvent>());
  });

  test('runs with the type of the operation, and that of a fallback besides', () => {
    expectTypeOf(hosts.run('a', () => 1)).toEqualTypeOf<Promise<number | 'none'>>();
    expectTypeOf(hosts.run('a', async (call: Call) => call.attempt)).toEqualTypeOf<
      Promise<number | 'none'>
    >();
    expectTypeOf(keyed((key) => pipeline(key)).run('a', () => 1)).toEqualTypeOf<Promise<number>>();
    void hosts.run('a', () => 1, { timeoutMs: 5, context: 7 });
    // @ts-expect-error a key is a string
    void hosts.run(1, () => 1);
    // @ts-expect-error there is no such option
    void hosts.run('a', () => 1, { timeout: 5 });
  });

  test('has events of its own', () => {
    hosts
      .on('create', (event) => expectTypeOf(event).toEqualTypeOf<KeyedCreateEvent<Made>>())
      .once('evict', (event) => expectTypeOf(event).toEqualTypeOf<KeyedEvictEvent<Made>>())
      .on('overflow', (event) => expectTypeOf(event).toEqualTypeOf<KeyedOverflowEvent<Made>>())
      .on('listener-error', (event) => expectTypeOf(event).toEqualTypeOf<ListenerErrorEvent>())
      .off('create');
    expectTypeOf<EventsOf<typeof hosts>>().toEqualTypeOf<KeyedEvents<Made>>();
    // @ts-expect-error that is an event of its pipelines
    hosts.on('state', () => {});
  });

  test('takes only what makes pipelines', () => {
    // @ts-expect-error a policy alone is no pipeline
    keyed(() => circuitBreaker());
    // @ts-expect-error nor is nothing
    keyed(() => {});
    // @ts-expect-error nor is a promise of one
    keyed(async (key) => pipeline(key));
    // @ts-expect-error there is no such option
    keyed(make, { maximum: 5 });
  });

  test('may stand where any keyed is wanted', () => {
    const anyKeyed = (given: Keyed<Pipeline<unknown, object>>): number => given.size;
    expectTypeOf(anyKeyed(hosts)).toBeNumber();
  });
});
