/** All pipelines of what was handed over, also those that a keyed makes later; and none of them kept alive. */
import { allowed } from '../../core/options.ts';
import type { Keyed } from '../../pipeline/keyed.ts';
import type { Observer } from '../../pipeline/observer.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';

type AnyPipeline = Pipeline<unknown, object>;

type AnyKeyed = Keyed<AnyPipeline>;

/** A pipeline, or what `keyed` returned. */
export type Instrumentable = AnyPipeline | AnyKeyed;

// By their methods: they may come from the other build, or another installation, of the library.
const isKeyed = (subject: Instrumentable): subject is AnyKeyed => 'entries' in subject;

const isInstrumentable = (value: unknown): value is Instrumentable => {
  const has = (method: string): boolean =>
    typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function';
  return has('watch') || (has('entries') && has('on'));
};

/** @throws TypeError - if it is no iterable, or one of them is no pipeline and no keyed */
export function subjectsOf(where: string, pipelines: Iterable<Instrumentable>): Instrumentable[] {
  const what = 'an iterable of pipelines and of what keyed() returned';
  if (typeof (pipelines as Partial<typeof pipelines> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw allowed(where, 'pipelines', pipelines, what);
  const subjects = [...pipelines];
  for (const subject of subjects)
    if (!isInstrumentable(subject)) throw allowed(where, 'pipelines', subject, what);
  return subjects;
}

/** The pipelines that something watches. */
export class Watched {
  readonly #observer: Observer;
  readonly #refs = new Set<WeakRef<AnyPipeline>>();
  readonly #gone = new FinalizationRegistry<WeakRef<AnyPipeline>>((ref) => void this.#refs.delete(ref));
  readonly #stops: (() => void)[] = [];

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  /** @param onPipeline - is told of each pipeline before it is first watched, and whose it is. */
  add(subject: Instrumentable, onPipeline: (pipeline: AnyPipeline, of: Instrumentable) => void): void {
    const watch = (pipeline: AnyPipeline): void => {
      onPipeline(pipeline, subject);
      pipeline.watch(this.#observer);
      const ref = new WeakRef(pipeline);
      this.#refs.add(ref);
      this.#gone.register(pipeline, ref);
    };
    if (!isKeyed(subject)) return watch(subject);
    for (const [, pipeline] of subject.entries()) watch(pipeline);
    // One that overflows is made for as long as its calls run.
    const listener = ({ pipeline }: { readonly pipeline: AnyPipeline }): void => watch(pipeline);
    for (const type of ['create', 'overflow'] as const) {
      subject.on(type, listener);
      this.#stops.push(() => void subject.off(type, listener));
    }
  }

  /** Watches none of them any more. */
  clear(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const ref of this.#refs) ref.deref()?.unwatch(this.#observer);
    this.#refs.clear();
  }
}
