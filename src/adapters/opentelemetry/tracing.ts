/** Makes the spans of runs with one provider of tracers, as long as there is one that does anything. */
import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import type { Run } from '../../core/run.ts';
import { inMap } from '../../observe/series.ts';
import type { Source } from '../../observe/sources.ts';
import { safely } from './faults.ts';
import { RunTrace } from './run-trace.ts';
import { SCOPE } from './scope.ts';
import { Watching } from './watching.ts';

/** What stands for a provider where none is registered: one object, which makes spans of nothing. */
const NOBODY = new ProxyTracerProvider().getDelegate();

export class Tracing {
  readonly #watching = new Watching();
  readonly #given: TracerProvider | undefined;
  #provider: TracerProvider = NOBODY;
  #tracer: Tracer | undefined = undefined;

  /** @param given - Default: whichever is registered at each moment. */
  constructor(given: TracerProvider | undefined) {
    this.#given = given;
  }

  /** Traces their runs from now on, until what it returns is called. What is traced already is not traced twice. */
  watch(sources: readonly Source[]): () => void {
    // The names of spans are to be few: those of a keyed's pipelines are often its keys.
    return this.#watching.watch(sources, (pipeline, { name }) =>
      pipeline.record((run) => this.#trace(run, name)),
    );
  }

  /** Whether runs of the pipeline are traced here. */
  traces(pipeline: object): boolean {
    return this.#watching.has(pipeline);
  }

  #trace(run: Run, name: string): RunTrace | undefined {
    this.#look();
    return this.#tracer === undefined ? undefined : this.#begin(run, this.#tracer, name);
  }

  // Apart, since a function with a closure in it allocates for that at each call, also where it is not come to.
  #begin(run: Run, tracer: Tracer, name: string): RunTrace | undefined {
    return this.#isTracedByAnother(run) ? undefined : safely(() => new RunTrace(run, { tracer, name }));
  }

  /** Whether the provider that is registered was also given, for this pipeline: then it has the run from there. */
  #isTracedByAnother({ owner }: Run): boolean {
    return this.#given === undefined && tracings.get(this.#provider)?.traces(owner) === true;
  }

  // Asked for each run: an SDK may be registered late, and another in its place. The tracer is asked for when that has
  // happened, since looking one up costs as much as all the rest.
  #look(): void {
    const provider = behind(this.#given ?? trace.getTracerProvider());
    if (provider !== this.#provider) this.#turnTo(provider);
  }

  #turnTo(provider: TracerProvider): void {
    this.#provider = provider;
    this.#tracer =
      provider === NOBODY ? undefined : safely(() => provider.getTracer(SCOPE.name, SCOPE.version));
  }
}

/** What OpenTelemetry hands out stands for what is registered, and tells what that is. */
const behind = (provider: TracerProvider): TracerProvider =>
  provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;

const tracings = /* @__PURE__ */ new WeakMap<object, Tracing>();

/** One for each provider, so that a run is traced once with it, however often it is asked for. */
export function tracingWith(provider: TracerProvider | undefined): Tracing {
  const given = provider === trace.getTracerProvider() ? undefined : provider;
  return inMap(tracings, given ?? trace, () => new Tracing(given));
}
