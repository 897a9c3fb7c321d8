/** Lets OpenTelemetry see what pipelines do. */
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { FLAG, type Rules, settle } from '../../core/options.ts';
import { type Source, sourcesFrom } from '../../observe/sources.ts';
import { meteringWith } from './metering.ts';
import { tracingWith } from './tracing.ts';

/** Options of `instrument`. */
export interface OpenTelemetryOptions {
  /** What makes the spans. Default: the provider that is registered globally, at the time of each run. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** What makes the instruments of metrics. Default: the provider that is registered globally, at the time of each run. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Whether spans are made. Default: true. */
  readonly traces?: boolean | undefined;
  /** Whether metrics are. Default: true. */
  readonly metrics?: boolean | undefined;
  /**
   * How many keys of each `keyed` are told apart in metrics, in the order in which they come, an integer >= 0; all
   * further are `other`. Default: 0, and no such attribute.
   */
  readonly keys?: number | undefined;
}

const RULES: Rules = {
  tracerProvider: ['a TracerProvider', undefined, 'getTracer'],
  meterProvider: ['a MeterProvider', undefined, 'getMeter'],
  traces: [FLAG, true],
  metrics: [FLAG, true],
  keys: ['an integer >= 0', 0],
};

/**
 * Makes a span for each run of these pipelines, and below it one for each attempt; and metrics of what they do, named
 * `holdfast.…`. The operation runs in the context of its attempt, so that the spans it makes, those of an HTTP
 * instrumentation say, are children of that.
 *
 * Nothing is done while no SDK is registered; one that is registered later is found by the next run.
 *
 * @param pipelines - pipelines, and what `keyed` returned: with all its pipelines, those yet to be made included
 * @returns a function that takes all of it back. Runs under way are traced to their end.
 * @throws TypeError | RangeError - for a bad option, and for what is no pipeline
 * @example
 * const stop = instrument([payments, hosts]);
 */
export function instrument(pipelines: Iterable<Source>, options: OpenTelemetryOptions = {}): () => void {
  const sources = sourcesFrom('instrument', pipelines);
  const { tracerProvider, meterProvider, traces, metrics, keys } = settle<OpenTelemetryOptions>(
    'instrument',
    options,
    RULES,
  );
  const stops: (() => void)[] = [];
  if (metrics) stops.push(meteringWith(meterProvider).watch(sources, { keys }));
  if (traces) stops.push(tracingWith(tracerProvider).watch(sources));
  return () => {
    for (const stop of stops) stop();
  };
}
