/**
 * `holdfast/fetch`: outbound HTTP through the global `fetch`. Start with {@link resilientFetch}.
 *
 * @packageDocumentation
 */
export type { HttpOptions, Runs, RunsKeyed, RunsOne } from '../http/client.ts';
export { DEADLINE_HEADER, type HeadersIn, remainingMs } from '../http/deadline.ts';
export { HttpError } from '../http/errors.ts';
export { httpJudge } from '../http/judge.ts';
export { IDEMPOTENT_METHODS } from '../http/methods.ts';
export { type StandardPipeline, standardPipeline } from '../http/standard.ts';
export { type FetchOptions, type ResilientFetch, resilientFetch } from './fetch.ts';
