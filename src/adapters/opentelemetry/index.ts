/**
 * `holdfast/opentelemetry`: traces of pipelines, with OpenTelemetry. Start with {@link instrument}.
 *
 * @packageDocumentation
 */
export type { Source } from '../../observe/sources.ts';
export { resendCount } from './context.ts';
export { type InstrumentOptions, instrument } from './instrument.ts';
