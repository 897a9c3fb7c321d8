/** What can be watched, and the check of what somebody gives to be. */
import { allowed } from '../core/options.ts';
import type { Keyed } from '../pipeline/keyed.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** Any pipeline. */
export type AnyPipeline = Pipeline<unknown, object>;

/** A pipeline, or what `keyed` returned. */
export type Source = Pipeline<unknown, object> | Keyed<Pipeline<unknown, object>>;

// By what they can do, not by their class: another copy of the library may have made them.
const can = (source: unknown, what: string): boolean =>
  typeof (source as Record<string, unknown> | null | undefined)?.[what] === 'function';

export const isKeyed = (source: Source): source is Keyed<AnyPipeline> => can(source, 'follow');

/** What each of them must be. */
export const SOURCE = 'a pipeline, or what keyed() returned';

export const isSource = (source: unknown): source is Source => can(source, 'record') || can(source, 'follow');

const WHAT = 'an array, or another iterable, of pipelines and of what keyed() returned';

/** @throws TypeError - if it is anything else */
export function sourcesFrom(where: string, pipelines: unknown): Source[] {
  if (typeof (pipelines as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw allowed(where, 'pipelines', pipelines, WHAT);
  const sources = [...(pipelines as Iterable<unknown>)];
  const wrong = sources.findIndex((source) => !isSource(source));
  if (wrong >= 0) throw allowed(where, `pipelines: number ${wrong + 1}`, sources[wrong], SOURCE);
  return sources as Source[];
}
