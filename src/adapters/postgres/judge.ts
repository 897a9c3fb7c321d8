/** What an answer of Postgres says about the server, and whether it may be tried again. */
import type { Judge, Judgement } from '../../core/judge.ts';
import type { Outcome } from '../../core/outcome.ts';
import { OutcomeUnknownError } from './errors.ts';
import { type Kind, kindOf } from './sqlstate.ts';

const FAILURE: Judgement = { verdict: 'failure', retry: true };
const FINAL: Judgement = { verdict: 'failure', retry: false };

const JUDGEMENTS: Readonly<Record<Kind, Judgement>> = {
  conflict: { verdict: 'ignore', retry: true },
  refused: FAILURE,
  lost: FINAL,
  failed: FINAL,
  mistake: { verdict: 'ignore', retry: false },
};

/**
 * The judge for Postgres, for errors of `pg` and of what is built on it.
 *
 * | outcome                                                          | verdict | tried again |
 * | ---------------------------------------------------------------- | ------- | ----------- |
 * | 40001, 40P01: another transaction stood in the way               | ignore  | yes         |
 * | 53300, 57P03, 08001, 08004, no connection, no client of the pool | failure | yes         |
 * | 57P01, 57P02, 57P05, other 08, a connection that broke           | failure | no          |
 * | 57014, 25P04, 57P04, 28, 3D, 53, 58, F0, XX                      | failure | no          |
 * | any other SQLSTATE                                               | ignore  | no          |
 * | `COMMIT` without an answer                                       | failure | no          |
 * | anything else                                                    | asks the next judge in line ||
 *
 * What is tried again here is known not to have taken place, if the operation is one statement or one whole transaction. Of
 * a connection that broke nobody knows; `resilientPool` knows more, and tries again where that is safe.
 */
export const postgresJudge: Judge = ({ ok, error }: Outcome): Judgement | undefined => {
  if (ok) return undefined;
  if (error instanceof OutcomeUnknownError) return FINAL;
  const kind = kindOf(error);
  return kind && JUDGEMENTS[kind];
};

/** The same for those who see to it themselves that nothing takes place twice. */
export const carefulJudge: Judge = (outcome, call) => {
  const { ok, error } = outcome;
  const unsure = !ok && (error instanceof OutcomeUnknownError || kindOf(error) === 'lost');
  return unsure ? FAILURE : postgresJudge(outcome, call);
};
