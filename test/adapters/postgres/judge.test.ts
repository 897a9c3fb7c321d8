import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError, postgresJudge } from '../../../src/adapters/postgres/index.ts';
import { carefulJudge } from '../../../src/adapters/postgres/judge.ts';
import type { Call, Judge } from '../../../src/index.ts';
import { TimeoutError } from '../../../src/index.ts';

const judged = (error: unknown, judge: Judge = postgresJudge) =>
  judge({ ok: false, error }, undefined as unknown as Call);

const state = (code: string) => Object.assign(new Error('said by the server'), { code, severity: 'ERROR' });
const system = (code: string) => Object.assign(new Error('said by the system'), { code });

const FAILURE = { verdict: 'failure', retry: true };
const FINAL = { verdict: 'failure', retry: false };
const CONFLICT = { verdict: 'ignore', retry: true };
const MISTAKE = { verdict: 'ignore', retry: false };

describe('postgresJudge', () => {
  test.each([
    [CONFLICT, ['40001', '40P01']],
    [FAILURE, ['53300', '57P03', '08001', '08004']],
    [FINAL, ['08000', '08003', '08006', '40003', '57P01', '57P02', '57P05']],
    [
      FINAL,
      ['57014', '25P04', '57P04', '28P01', '28000', '3D000', '53100', '53200', '58030', 'F0000', 'XX000'],
    ],
    [
      MISTAKE,
      ['08P01', '22012', '23505', '25P02', '25P03', '42601', '55P03', 'P0001', '40002', 'HV000', 'ZZ999'],
    ],
  ])('says %o of %o', (judgement, codes) => {
    for (const code of codes) expect([code, judged(state(code))]).toEqual([code, judgement]);
  });

  test.each([
    [
      FAILURE,
      ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENOENT'],
    ],
    [FINAL, ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT']],
    [undefined, ['EACCES', 'ERR_INVALID_ARG_TYPE']],
  ])('says %o of the codes %o of the system', (judgement, codes) => {
    for (const code of codes) expect([code, judged(system(code))]).toEqual([code, judgement]);
  });

  test.each([
    [FAILURE, 'timeout exceeded when trying to connect'],
    [FAILURE, 'Connection terminated due to connection timeout'],
    [FINAL, 'Connection terminated unexpectedly'],
    [FINAL, 'Connection terminated'],
    [FINAL, 'Client has encountered a connection error and is not queryable'],
    [FINAL, 'Client was closed and is not queryable'],
    [MISTAKE, 'Cannot use a pool after calling end on the pool'],
    [undefined, 'Query read timeout'],
  ])('says %o of the words "%s" of pg', (judgement, message) => {
    expect(judged(new Error(message))).toEqual(judgement);
  });

  test('takes 08P01 that ends the session, as poolers do, for a lost connection', () => {
    expect(judged({ ...state('08P01'), severity: 'FATAL' })).toEqual(FINAL);
    expect(judged({ ...state('23505'), severity: 'FATAL' })).toEqual(MISTAKE);
  });

  test('looks at the cause of an error that has wrapped one, but not for ever', () => {
    const wrap = (cause: unknown) => new Error('Failed query', { cause });
    expect(judged(wrap(wrap(state('40001'))))).toEqual(CONFLICT);
    const own: Error & { cause?: unknown } = new Error('its own cause');
    own.cause = own;
    expect(judged(own)).toBeUndefined();
  });

  test('leaves the errors of policies to the next in line, whatever caused them', () => {
    expect(judged(new TimeoutError('late', { ms: 1, cause: state('57014') }))).toBeUndefined();
  });

  test('has no opinion of a value, nor of what is no error', () => {
    expect(postgresJudge({ ok: true, value: state('40001') }, undefined as never)).toBeUndefined();
    for (const thrown of [undefined, null, 'text', 7, {}, { code: 7 }, { message: 7 }])
      expect(judged(thrown)).toBeUndefined();
  });

  test('never has a COMMIT without an answer run again', () => {
    const error = new OutcomeUnknownError({ cause: state('57P01') });
    expect(judged(error)).toEqual(FINAL);
    expect(error).toMatchObject({
      code: 'HOLDFAST_OUTCOME_UNKNOWN',
      name: 'OutcomeUnknownError',
      policy: 'postgres',
    });
  });
});

test('where it is seen to that nothing takes place twice, what was lost may be tried again', () => {
  for (const lost of [state('57P01'), system('ECONNRESET'), new OutcomeUnknownError()])
    expect(judged(lost, carefulJudge)).toEqual(FAILURE);
  expect(judged(state('40001'), carefulJudge)).toEqual(CONFLICT);
  expect(judged(state('23505'), carefulJudge)).toEqual(MISTAKE);
  expect(judged(new Error('of somebody'), carefulJudge)).toBeUndefined();
  expect(carefulJudge({ ok: true, value: 1 }, undefined as never)).toBeUndefined();
});
