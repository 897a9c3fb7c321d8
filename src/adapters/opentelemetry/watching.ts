/** The pipelines of which one provider is told: each once, however often it is handed over. */
import { Listener, Listening } from '../../observe/holding.ts';
import { type AnyPipeline, isKeyed, type Source } from '../../observe/sources.ts';

export class Watching {
  readonly #pipelines = new Listening<AnyPipeline>();
  readonly #watched = new WeakSet<AnyPipeline>();

  /** Whether anybody watches it here. */
  has(pipeline: object): boolean {
    return this.#watched.has(pipeline as AnyPipeline);
  }

  /**
   * Calls `begin` with each pipeline of the sources, those that a keyed makes later included, unless somebody watches it
   * here already; what it returns is called with the last who stops.
   */
  watch(
    sources: readonly Source[],
    begin: (pipeline: AnyPipeline, source: Source) => () => void,
  ): () => void {
    const listener = new Listener<AnyPipeline>();
    const stops = sources.map((source) => {
      const add = (pipeline: AnyPipeline): void =>
        this.#pipelines.add(pipeline, listener, () => {
          const end = begin(pipeline, source);
          this.#watched.add(pipeline);
          return () => {
            this.#watched.delete(pipeline);
            end();
          };
        });
      if (isKeyed(source)) return source.follow((_, pipeline) => add(pipeline));
      add(source);
      return undefined;
    });
    return () => {
      for (const stop of stops) stop?.();
      this.#pipelines.end(listener);
    };
  }
}
