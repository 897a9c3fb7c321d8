import { type BreakerStateEvent, bulkhead, keyed, pipeline, type RetryEvent, retry } from 'holdfast';
import { type ResilientFetch, resilientFetch, type StandardPipeline, standardPipeline } from 'holdfast/fetch';
import { resilience } from 'holdfast/undici';
import { describe, expectTypeOf, test } from 'vitest';

const hosts = keyed((host) => pipeline(host, retry(), bulkhead()));

describe('the clients of HTTP', () => {
  test('are what they stand for', () => {
    expectTypeOf(resilientFetch()).toExtend<typeof fetch>();
    expectTypeOf(resilientFetch()).toEqualTypeOf<ResilientFetch>();
  });

  test('can be listened to without a pipeline of their own', () => {
    for (const { pipeline } of [resilientFetch(), resilience()]) {
      pipeline.on('create', ({ pipeline }) => expectTypeOf(pipeline).toEqualTypeOf<StandardPipeline>());
      pipeline.get('a').on('state', (event) => expectTypeOf(event).toEqualTypeOf<BreakerStateEvent>());
    }
    standardPipeline('a').on('retry', (event) => expectTypeOf(event).toEqualTypeOf<RetryEvent>());
  });

  test('know the pipeline that they were given', () => {
    expectTypeOf(resilientFetch({ pipeline: hosts }).pipeline).toEqualTypeOf(hosts);
    expectTypeOf(resilience({ pipeline: hosts }).pipeline).toEqualTypeOf(hosts);
  });
});
