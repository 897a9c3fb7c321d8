/**
 * `holdfast/opentelemetry`: traces of pipelines, with OpenTelemetry. Start with {@link instrument}.
 *
 * @packageDocumentation
 */
export { resendCount } from './context.ts';
export { type InstrumentOptions, instrument } from './instrument.ts';
export type { Instrumentable } from './pipelines.ts';
