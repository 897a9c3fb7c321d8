/**
 * `holdfast/logging`: what happens to pipelines, as lines in a log. Start with {@link logEvents}.
 *
 * @packageDocumentation
 */
export type { AnyPipeline, Source } from '../sources.ts';
export { type Logger, type LogOptions, logEvents } from './log-events.ts';
