/**
 * `holdfast/observe`: how a pipeline does right now. Start with {@link observe}.
 *
 * @packageDocumentation
 */
export type { AnyPipeline, Source } from '../sources.ts';
export { observe, type Statistics, type StatisticsSnapshot, type WindowStatistics } from './statistics.ts';
