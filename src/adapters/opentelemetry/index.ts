/**
 * `holdfast/opentelemetry`: traces and metrics of pipelines, with OpenTelemetry. Start with {@link instrument}.
 *
 * @packageDocumentation
 */
export type { Source } from '../../observe/sources.ts';
export { resendCount } from './context.ts';
export { instrument, type OpenTelemetryOptions } from './instrument.ts';
