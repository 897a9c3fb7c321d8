import * as cockatiel from 'cockatiel';
import { bulkhead, circuitBreaker, fallback, pipeline, retry, timeout } from 'holdfast';
import { describe, expectTypeOf, test } from 'vitest';

describe('cockatiel 11: seven policies composed', () => {
  test("holdfast joins the fallback's type to the operation's, and hands the call to the operation", async () => {
    const seven = pipeline(
      'payments',
      timeout({ ms: 5_000 }),
      fallback('stale' as const),
      bulkhead({ concurrency: 50, name: 'outer' }),
      retry({ retries: 2 }),
      circuitBreaker({ openMs: 5_000 }),
      timeout({ ms: 800 }),
      bulkhead({ concurrency: 10 }),
    );
    const body = seven.run(({ attempt, signal }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return Promise.resolve({ id: 7 });
    });
    expectTypeOf(body).toEqualTypeOf<Promise<{ id: number } | 'stale'>>();

    const two = pipeline('two', fallback(0), seven);
    expectTypeOf(two.run(() => true)).resolves.toEqualTypeOf<boolean | 'stale' | number>();

    const wrapped = seven.wrap((id: string, page?: number) => Promise.resolve(id.length + (page ?? 0)));
    expectTypeOf(wrapped).parameters.toEqualTypeOf<[id: string, page?: number | undefined]>();
    expectTypeOf(wrapped).returns.resolves.toEqualTypeOf<number | 'stale'>();
  });

  const outer = cockatiel.timeout(5_000, cockatiel.TimeoutStrategy.Aggressive);
  const stale = cockatiel.fallback(cockatiel.handleAll, 'stale' as const);
  const wide = cockatiel.bulkhead(50);
  const again = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2 });
  const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, {
    breaker: new cockatiel.ConsecutiveBreaker(5),
    halfOpenAfter: 5_000,
  });
  const inner = cockatiel.timeout(800, cockatiel.TimeoutStrategy.Aggressive);
  const narrow = cockatiel.bulkhead(10);

  test('cockatiel knows the attempt number of five', () => {
    const five = cockatiel.wrap(outer, stale, wide, again, breaker);
    const body = five.execute(({ attempt }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      return { id: 7 };
    });
    expectTypeOf(body).toEqualTypeOf<Promise<{ id: number } | 'stale'>>();
  });

  test('cockatiel has forgotten it at seven, and refuses two kinds of fallback', () => {
    const seven = cockatiel.wrap(outer, stale, wide, again, breaker, inner, narrow);
    // @ts-expect-error: the attempt is in the context at run time, and not in its type
    void seven.execute(({ attempt }) => ({ id: attempt }));

    const zero = cockatiel.fallback(cockatiel.handleAll, 0);
    const two = cockatiel.wrap(zero, stale).execute(() => true);
    expectTypeOf(two).resolves.toEqualTypeOf<boolean | 'stale' | number>();
    // @ts-expect-error: only the overloads for five and fewer join their types
    cockatiel.wrap(zero, stale, outer, wide, again, breaker, inner);
  });
});
