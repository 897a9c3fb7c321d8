/**
 * `holdfast/undici`: outbound HTTP through a dispatcher of undici 7. Start with {@link resilience}.
 *
 * @packageDocumentation
 */
export type { HttpOptions, Runs, RunsKeyed, RunsOne } from '../http/client.ts';
export { DEADLINE_HEADER, type HeadersIn, remainingMs } from '../http/deadline.ts';
export { HttpError } from '../http/errors.ts';
export { httpJudge } from '../http/judge.ts';
export { IDEMPOTENT_METHODS } from '../http/methods.ts';
export { type StandardPipeline, standardPipeline } from '../http/standard.ts';
export type { Answer, AnswerHeaders } from './delivery.ts';
export { type Resilience, type ResilienceOptions, resilience } from './resilience.ts';
