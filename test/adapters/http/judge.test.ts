import { describe, expect, test } from 'vitest';
import { httpJudge } from '../../../src/adapters/http/judge.ts';
import type { Call, Outcome } from '../../../src/index.ts';

const call = {} as Call;
const ok = (value: unknown): Outcome => ({ ok: true, value });
const failed = (error: unknown): Outcome => ({ ok: false, error });
const answer = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers });

describe('answers', () => {
  test.each([200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 410, 422, 451, 499])(
    '%d is left to others',
    (status) => {
      expect(httpJudge(ok(answer(status)), call)).toBeUndefined();
    },
  );

  test.each([408, 500, 502, 503, 504])('%d is a failure that may be tried again', (status) => {
    expect(httpJudge(ok(answer(status)), call)).toEqual({ verdict: 'failure', retry: true });
  });

  test.each([501, 505, 507, 511, 599])('%d is a failure that another try does not change', (status) => {
    expect(httpJudge(ok(answer(status)), call)).toEqual({ verdict: 'failure', retry: false });
  });

  test('429 may be tried again, and says nothing about the origin', () => {
    expect(httpJudge(ok(answer(429)), call)).toEqual({ verdict: 'ignore', retry: true });
    expect(httpJudge(ok(answer(429, { 'retry-after': 'later' })), call)).toEqual({
      verdict: 'ignore',
      retry: true,
    });
  });

  test.each([408, 429, 500, 502, 503, 504])('%d with a hint passes it on', (status) => {
    expect(httpJudge(ok(answer(status, { 'retry-after': '7' })), call)).toEqual({
      verdict: 'failure',
      retry: true,
      retryAfterMs: 7_000,
    });
  });

  test('a hint with a date is measured from the Date of the answer', () => {
    const headers = { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' };
    expect(httpJudge(ok(answer(503, headers)), call)).toMatchObject({ retryAfterMs: 10_000 });
  });

  test("undici's answers, node's and plain objects are read as well", () => {
    const judgement = { verdict: 'failure', retry: true, retryAfterMs: 2_000 };
    expect(httpJudge(ok({ statusCode: 503, headers: { 'retry-after': '2' } }), call)).toEqual(judgement);
    expect(httpJudge(ok({ status: 503, headers: { 'Retry-After': 2 } }), call)).toEqual(judgement);
  });

  test('so is the answer that an error holds', () => {
    const error = Object.assign(new Error('Request failed'), { response: { status: 503, headers: {} } });
    expect(httpJudge(failed(error), call)).toEqual({ verdict: 'failure', retry: true });
    const notFound = Object.assign(new Error('Request failed'), { response: { status: 404, headers: {} } });
    expect(httpJudge(failed(notFound), call)).toBeUndefined();
  });

  test.each([undefined, null, 42, 'text', {}, { status: 'fine' }, { status: 503 }])(
    '%j is no answer',
    (value) => {
      expect(httpJudge(ok(value), call)).toBeUndefined();
    },
  );
});

describe('errors', () => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code });
  const fetchFailed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'UND_ERR_SOCKET'])(
    '%s is a failure that may be tried again',
    (code) => {
      const judgement = { verdict: 'failure', retry: true };
      expect(httpJudge(failed(coded(code)), call)).toEqual(judgement);
      expect(httpJudge(failed(fetchFailed(coded(code))), call)).toEqual(judgement);
    },
  );

  test.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])('%s is a failure, and the same a second later', (code) => {
    expect(httpJudge(failed(fetchFailed(coded(code))), call)).toEqual({ verdict: 'failure', retry: false });
  });

  test.each([
    'redirect count exceeded',
    'unexpected redirect',
    'URL scheme must be a HTTP(S) scheme',
    'bad port',
  ])('%s says nothing about the origin', (message) => {
    expect(httpJudge(failed(fetchFailed(new Error(message))), call)).toEqual({
      verdict: 'ignore',
      retry: false,
    });
  });

  test('a host may be called so', () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND redirect.example'), { code: 'ENOTFOUND' });
    expect(httpJudge(failed(fetchFailed(unknown)), call)).toEqual({ verdict: 'failure', retry: true });
  });

  test('nor does a redirect to what is no URL', () => {
    const [judgement, wrong] = [{ verdict: 'ignore', retry: false }, coded('ERR_INVALID_URL')];
    expect(httpJudge(failed(fetchFailed(wrong)), call)).toEqual(judgement);
  });

  test.each(['UND_ERR_INVALID_ARG', 'UND_MOCK_ERR_MOCK_NOT_MATCHED'])(
    'nor does a request that is wrong: %s',
    (code) => {
      const judgement = { verdict: 'ignore', retry: false };
      expect(httpJudge(failed(coded(code)), call)).toEqual(judgement);
      expect(httpJudge(failed(fetchFailed(coded(code))), call)).toEqual(judgement);
    },
  );

  test.each([
    new Error('anything'),
    new TypeError('x is not a function'),
    coded('ENOENT'),
    undefined,
    null,
    'text',
  ])('%s is left to others', (error) => {
    expect(httpJudge(failed(error), call)).toBeUndefined();
  });
});
