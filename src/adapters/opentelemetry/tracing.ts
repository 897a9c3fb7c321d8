/** Makes the spans of runs with one provider of tracers, as long as there is one that does anything. */
import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import type { Run } from '../../core/run.ts';
import type { Observer } from '../../pipeline/observer.ts';
import { RunTrace, reportFault } from './run-trace.ts';
import { SCOPE } from './scope.ts';

/** What stands for a provider where none is registered: one object, which makes spans of nothing. */
const NOBODY = new ProxyTracerProvider().getDelegate();

export class Tracing implements Observer {
  /** What the spans of a pipeline are called after, where that is not its own name. */
  readonly names = new WeakMap<object, string>();
  readonly #given: TracerProvider | undefined;
  #provider: TracerProvider = NOBODY;
  #tracer: Tracer | undefined = undefined;

  /** @param given - Default: whichever is registered at each moment. */
  constructor(given: TracerProvider | undefined) {
    this.#given = given;
  }

  observe(run: Run): RunTrace | undefined {
    try {
      const tracer = this.#current();
      if (tracer === undefined) return undefined;
      const { owner } = run;
      return new RunTrace(run, { tracer, name: this.names.get(owner) ?? owner.name });
    } catch (fault) {
      reportFault(run, fault);
      return undefined;
    }
  }

  // Asked for each run: an SDK may be registered late, and another in its place. The tracer is asked for when that has
  // happened, since looking one up costs as much as all the rest.
  #current(): Tracer | undefined {
    const provider = behind(this.#given ?? trace.getTracerProvider());
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#tracer = provider === NOBODY ? undefined : provider.getTracer(SCOPE.name, SCOPE.version);
    }
    return this.#tracer;
  }
}

/** What OpenTelemetry hands out stands for what is registered, and tells what that is. */
const behind = (provider: TracerProvider): TracerProvider =>
  provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;

const tracings = new WeakMap<object, Tracing>();

/** One for each provider, so that a run is traced once with it, however often it is asked for. */
export function tracingWith(provider: TracerProvider | undefined): Tracing {
  const key = provider ?? trace;
  const tracing = tracings.get(key) ?? new Tracing(provider);
  tracings.set(key, tracing);
  return tracing;
}
