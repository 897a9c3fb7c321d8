/** Lets OpenTelemetry see what pipelines do. */
import type { TracerProvider } from '@opentelemetry/api';
import { type Rules, settle } from '../../core/options.ts';
import { type Source, sourcesFrom } from '../../observe/sources.ts';
import { tracingWith } from './tracing.ts';

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** What makes the spans. Default: the provider that is registered globally, at the time of each run. */
  readonly tracerProvider?: TracerProvider | undefined;
}

const RULES: Rules = {
  tracerProvider: ['a TracerProvider', undefined, 'getTracer'],
};

/**
 * Makes a span for each run of these pipelines, and below it one for each attempt. The operation runs in the context of
 * its attempt, so that the spans it makes, those of an HTTP instrumentation say, are children of that.
 *
 * Nothing is done in a run that starts while no SDK is registered; one that is registered later is found then.
 *
 * @param pipelines - pipelines, and what `keyed` returned: then also those that it makes later
 * @returns a function that takes all of it back. Runs under way are traced to their end.
 * @throws TypeError - for a bad option, and for what is no pipeline
 * @example
 * const stop = instrument([payments, hosts]);
 */
export function instrument(pipelines: Iterable<Source>, options: InstrumentOptions = {}): () => void {
  const sources = sourcesFrom('instrument', pipelines);
  const { tracerProvider } = settle<InstrumentOptions>('instrument', options, RULES);
  return tracingWith(tracerProvider).watch(sources);
}
