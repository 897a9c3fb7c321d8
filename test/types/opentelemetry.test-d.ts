import { bulkhead, circuitBreaker, fallback, keyed, pipeline, retry } from 'holdfast';
import { instrument, type OpenTelemetryOptions, resendCount, type Source } from 'holdfast/opentelemetry';
import { expectTypeOf, test } from 'vitest';

test('takes pipelines and keyed ones of whatever policies, in any iterable, and nothing else', () => {
  const users = pipeline('users', fallback(7), retry(), circuitBreaker());
  const hosts = keyed((key) => pipeline(key, retry(), bulkhead()));
  expectTypeOf(users).toExtend<Source>();
  expectTypeOf(hosts).toExtend<Source>();
  expectTypeOf(instrument).toBeCallableWith([users, hosts]);
  expectTypeOf(instrument).toBeCallableWith(new Set([users]), { traces: false });
  expectTypeOf(instrument([])).toEqualTypeOf<() => void>();
  // @ts-expect-error a policy alone is no pipeline
  instrument([retry()]);
  // @ts-expect-error nor is a pipeline that is not in an iterable
  instrument(users);
});

test('leaves all options out', () => {
  expectTypeOf<object>().toExtend<OpenTelemetryOptions>();
  expectTypeOf(resendCount()).toEqualTypeOf<number | undefined>();
});
