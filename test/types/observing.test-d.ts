import { circuitBreaker, fallback, keyed, pipeline, retry, timeout } from 'holdfast';
import { resilientFetch } from 'holdfast/fetch';
import { type Logger, logEvents } from 'holdfast/logging';
import { observe, type Statistics } from 'holdfast/observe';
import { pino } from 'pino';
import { describe, expectTypeOf, test } from 'vitest';

const payments = pipeline('payments', fallback(null), retry(), circuitBreaker(), timeout({ ms: 5 }));
const hosts = keyed((host) => pipeline(host, circuitBreaker(), fallback({ cached: true })));

describe('what watches', () => {
  test('takes pipelines whatever they are made of, and whatever a keyed or a client keeps', () => {
    expectTypeOf(observe(payments)).toEqualTypeOf<Statistics>();
    expectTypeOf(observe(hosts)).toEqualTypeOf<Statistics>();
    const all = [payments, pipeline('none'), hosts, resilientFetch().pipeline];
    expectTypeOf(logEvents(all, console)).toEqualTypeOf<() => void>();
    logEvents(new Set([payments]), console, { maxLines: 5 });
    // @ts-expect-error a policy by itself is no pipeline
    observe(retry());
    // @ts-expect-error one pipeline is no list
    logEvents(payments, console);
  });

  test('writes to pino and its children, to the console, and not to what lacks a level', () => {
    expectTypeOf(pino()).toExtend<Logger>();
    expectTypeOf(pino().child({ component: 'holdfast' })).toExtend<Logger>();
    expectTypeOf(console).toExtend<Logger>();
    expectTypeOf<{ info(fields: object, message: string): void }>().not.toExtend<Logger>();
  });
});
