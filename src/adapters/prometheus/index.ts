/**
 * `holdfast/prometheus`: what pipelines do, as metrics in a registry of prom-client 15. Start with {@link instrument}.
 *
 * @packageDocumentation
 */

export type { Source } from '../../observe/sources.ts';
export { instrument, type PrometheusOptions } from './instrument.ts';
