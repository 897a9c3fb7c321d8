/** Which pipelines are watched: those that were named, and those that a `keyed` makes, from the first call on. */
import { allowed } from '../core/options.ts';
import { Keyed } from '../pipeline/keyed.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { listen } from './listen.ts';

/** Any pipeline, whatever it emits. */
export type AnyPipeline = Pipeline<unknown, object>;

/** What can be watched: a pipeline, or all the pipelines of a `keyed`. */
export type Source = AnyPipeline | Keyed<AnyPipeline>;

/** Where the pipeline of a key comes from. */
export interface Place {
  readonly keyed: string;
  readonly key: string;
}

/** Begins to watch a pipeline, and returns what ends it. */
export type Attach = (pipeline: AnyPipeline, place?: Place) => () => void;

/**
 * The sources, as a list.
 *
 * @throws TypeError - if one of them is neither a pipeline nor a `keyed`
 */
export function sourcesFrom(where: string, sources: Iterable<Source>): readonly Source[] {
  if (typeof (sources as Partial<Iterable<Source>> | undefined)?.[Symbol.iterator] !== 'function')
    throw allowed(where, 'pipelines', sources, 'a list of pipelines');
  const list = [...sources];
  for (const source of list)
    if (!(source instanceof Pipeline || source instanceof Keyed))
      throw allowed(where, 'source', source, 'a pipeline, or what keyed returns');
  return list;
}

/**
 * Attaches to each pipeline once, until the function that it returns is called. No pipeline is kept alive: one that was
 * evicted, or that did not fit in, is watched for as long as anybody uses it, and then is garbage.
 */
export function follow(sources: readonly Source[], attach: Attach): () => void {
  const followed = new Followed(attach);
  for (const source of sources) {
    if (source instanceof Pipeline) followed.add(source);
    else followed.addAll(source);
  }
  return () => followed.stop();
}

class Followed {
  readonly #attach: Attach;
  readonly #alive = new Set<WeakRef<AnyPipeline>>();
  readonly #detach = new WeakMap<AnyPipeline, () => void>();
  readonly #gone = new FinalizationRegistry<WeakRef<AnyPipeline>>((ref) => this.#alive.delete(ref));
  readonly #stops: (() => void)[] = [];

  constructor(attach: Attach) {
    this.#attach = attach;
  }

  add(pipeline: AnyPipeline, place?: Place): void {
    if (this.#detach.has(pipeline)) return;
    this.#detach.set(pipeline, this.#attach(pipeline, place));
    const ref = new WeakRef(pipeline);
    this.#alive.add(ref);
    this.#gone.register(pipeline, ref);
  }

  addAll(keyed: Keyed<AnyPipeline>): void {
    const add = (key: string, pipeline: AnyPipeline): void => this.add(pipeline, { keyed: keyed.name, key });
    for (const [key, pipeline] of [...keyed.entries(), ...keyed.guests()]) add(key, pipeline);
    const made = (event: { readonly key: string; readonly pipeline: AnyPipeline }): void =>
      add(event.key, event.pipeline);
    this.#stops.push(listen(keyed, { create: made, overflow: made }));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const ref of this.#alive) {
      const pipeline = ref.deref();
      if (pipeline !== undefined) this.#detach.get(pipeline)?.();
    }
    this.#alive.clear();
  }
}
