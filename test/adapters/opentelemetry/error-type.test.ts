import { HoldfastError, Rejection, TimeoutError } from 'holdfast';
import { HttpError } from 'holdfast/fetch';
import { describe, expect, test } from 'vitest';
import { errorType } from '../../../src/adapters/opentelemetry/error-type.ts';

class PaymentError extends Error {
  override readonly name = 'PaymentError';
}

const withCode = (code: unknown, error = new Error('boom')): Error => Object.assign(error, { code });

describe('error.type', () => {
  test.each<[string, unknown]>([
    ['HOLDFAST_TIMEOUT', new TimeoutError('late', { ms: 5 })],
    ['HOLDFAST_REJECTED', new Rejection('no')],
    ['HOLDFAST_HTTP', new HttpError(new Response('', { status: 503 }))],
    ['MY_OWN', new HoldfastError('MY_OWN', 'boom')],
    ['ECONNRESET', withCode('ECONNRESET')],
    ['ERR_HTTP2_STREAM_ERROR', withCode('ERR_HTTP2_STREAM_ERROR')],
    ['UND_ERR_SOCKET', withCode('UND_ERR_SOCKET', new TypeError('x'))],
    ['ECONNREFUSED', new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') })],
    ['EPIPE', new Error('sending failed', { cause: withCode('EPIPE') })],
    ['PaymentError', new PaymentError('no', { cause: withCode('EPIPE') })],
    ['TypeError', new TypeError('x is undefined')],
    ['AbortError', new DOMException('aborted', 'AbortError')],
    ['Error', new Error('boom')],
  ])('is %s', (type, error) => {
    expect(errorType(error)).toBe(type);
  });

  test.each<[string, unknown]>([
    ['a code of which there are many', withCode('ORDER_4711')],
    ['a code that is a sentence', withCode('Order not found')],
    ['a code that is a number', withCode(4711)],
    ['a code that is too long', withCode('A'.repeat(65))],
  ])('takes the name in the place of %s', (_, error) => {
    expect(errorType(error)).toBe('Error');
  });

  test.each<[string, unknown]>([
    ['a string', 'out of order'],
    ['nothing', undefined],
    ['what looks like an error', { name: 'Fake', code: 'EFAKE' }],
    ['an error whose name is a sentence', Object.assign(new Error('x'), { name: 'No such order: 4711' })],
    [
      'an error that cannot be read',
      Object.defineProperty(new Error('x'), 'code', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('is _OTHER for %s', (_, error) => {
    expect(errorType(error)).toBe('_OTHER');
  });
});
