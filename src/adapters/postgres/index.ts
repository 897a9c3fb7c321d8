/**
 * `holdfast/postgres`: a pool of `pg` whose statements and transactions survive what happens to the server. Start with
 * {@link resilientPool}.
 *
 * @packageDocumentation
 */
export { OutcomeUnknownError } from './errors.ts';
export { postgresJudge } from './judge.ts';
export {
  type PostgresOptions,
  type ResilientPool,
  type Runs,
  resilientPool,
  type StatementOptions,
  type TransactionOptions,
} from './resilient-pool.ts';
export { type StandardPipeline, standardPipeline } from './standard.ts';
export type { TransactionClient, TransactionFunction } from './transaction.ts';
