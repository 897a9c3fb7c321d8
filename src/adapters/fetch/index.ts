/**
 * `holdfast/fetch`: outbound HTTP through the global `fetch`. Start with {@link resilientFetch}.
 *
 * @packageDocumentation
 */
export { DEADLINE_HEADER, type HeadersIn, remainingMs } from '../http/deadline.ts';
export { httpJudge } from '../http/judge.ts';
export { IDEMPOTENT_METHODS } from '../http/methods.ts';
export { standardPipeline } from '../http/standard.ts';
export { HttpError } from './errors.ts';
export {
  type FetchOptions,
  type ResilientFetch,
  type RunsKeyed,
  type RunsOne,
  resilientFetch,
} from './fetch.ts';
