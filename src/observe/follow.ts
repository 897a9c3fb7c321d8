/** Which pipelines are listened to: those that were named, and those that a `keyed` makes, from the first call on. */
import { Listener, Listening } from './holding.ts';
import { type AnyPipeline, isKeyed, type Source } from './sources.ts';

/** Where the pipeline of a key comes from. */
export interface Place {
  readonly keyed: string;
  readonly key: string;
}

/** Begins to listen to a pipeline, and returns what ends it. */
type Attach = (pipeline: AnyPipeline, place?: Place) => () => void;

/**
 * Attaches to each pipeline once, until the function that it returns is called. No pipeline is kept alive: one that was
 * evicted, or that did not fit in, is listened to for as long as anybody uses it, and then is garbage.
 */
export function follow(sources: readonly Source[], attach: Attach): () => void {
  const listening = new Listening<AnyPipeline>();
  const listener = new Listener<AnyPipeline>();
  const add = (pipeline: AnyPipeline, place?: Place): void =>
    listening.add(pipeline, listener, () => attach(pipeline, place));
  const stops = sources.map((source) =>
    isKeyed(source)
      ? source.follow((key, pipeline) => add(pipeline, { keyed: source.name, key }))
      : add(source),
  );
  return () => {
    for (const stop of stops) stop?.();
    listening.end(listener);
  };
}
