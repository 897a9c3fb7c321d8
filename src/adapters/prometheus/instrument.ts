/** Shows what pipelines do as metrics in a registry of prom-client. */
import type { Registry, RegistryContentType } from 'prom-client';
import { ANYTHING, allowed, type Rules, settle } from '../../core/options.ts';
import { boundsOf, DURATIONS } from '../../observe/bounds.ts';
import { Collector } from '../../observe/collector.ts';
import { INSTRUMENTS } from '../../observe/instruments.ts';
import { type Source, sourcesFrom } from '../../observe/sources.ts';
import { Buckets } from './buckets.ts';
import { Metric } from './metric.ts';
import { nameOf } from './names.ts';

/** Options of `instrument`. */
export interface PrometheusOptions {
  /** Where the metrics are registered: prom-client's `register`, or a `Registry` of your own. */
  readonly registry: Registry<RegistryContentType>;
  /**
   * Upper bounds in seconds of the buckets of calls, attempts and waits, ascending, each > 0. Default: 0.001, 0.0025,
   * 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10.
   */
  readonly buckets?: readonly number[] | undefined;
  /** Labels with values that each series of these pipelines has besides. Default: none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * How many keys of each `keyed` get a label `key` of their own, in the order in which they come, an integer >= 0; all
   * further are `other`. Default: 0, and no such label.
   */
  readonly keys?: number | undefined;
}

const REGISTRY = 'a Registry of prom-client';

const RULES: Rules = {
  registry: [REGISTRY, undefined, 'registerMetric', 'getSingleMetric', 'removeSingleMetric'],
  buckets: ['an array of ascending finite numbers > 0', undefined, 'map'],
  labels: [ANYTHING],
  keys: ['an integer >= 0', 0],
};

type Settings = PrometheusOptions & { keys: number };

/** What there is for one registry, while anybody watches anything through it. */
class Exposition {
  readonly bounds: readonly number[];
  readonly collector: Collector<Buckets>;
  watchers = 0;
  readonly #metrics: ReadonlyMap<string, Metric>;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.collector = new Collector((instrument, labels) => new Buckets(labels, boundsOf(instrument, bounds)));
    this.#metrics = new Map(
      Object.values(INSTRUMENTS).map((each) => [nameOf(each), new Metric(each, this.collector)]),
    );
  }

  /** Puts the metrics where they are missing: all, or none. */
  register(registry: Registry<RegistryContentType>): void {
    for (const [name, metric] of this.#metrics) {
      const known = registry.getSingleMetric(name) as unknown;
      if (known !== undefined && known !== metric) throw new Error(taken(name));
    }
    try {
      for (const [name, metric] of this.#metrics)
        if (registry.getSingleMetric(name) === undefined) registry.registerMetric(metric as never);
    } catch (error) {
      this.remove(registry);
      throw error;
    }
  }

  remove(registry: Registry<RegistryContentType>): void {
    for (const [name, metric] of this.#metrics)
      if ((registry.getSingleMetric(name) as unknown) === metric) registry.removeSingleMetric(name);
  }
}

const taken = (name: string): string =>
  `instrument: the registry has a metric ${name} already, which is not from here; use another registry, or remove it`;

const expositions = /* @__PURE__ */ new WeakMap<object, Exposition>();

/**
 * Counts what the pipelines do from now on, as metrics `holdfast_…` in the registry, until the function that it returns
 * is called. A pipeline that is instrumented twice in one registry is counted once; with the last who stops, the metrics
 * leave the registry. A `keyed` is watched with all its pipelines, those that are yet to be made included.
 *
 * @throws TypeError | RangeError - for a bad option, for what is no pipeline, and for other `buckets` than the registry's
 *   metrics have already
 * @throws Error - if the registry has a metric of one of the names that is not from here
 * @example
 * const stop = instrument([payments, hosts], { registry: register });
 */
export function instrument(pipelines: Iterable<Source>, options: PrometheusOptions): () => void {
  const sources = sourcesFrom(WHERE, pipelines);
  const { registry, buckets, labels = {}, keys } = settle<Settings>(WHERE, options, RULES, 'registry');
  if (buckets !== undefined && !isAscending(buckets))
    throw allowed(WHERE, 'buckets', buckets, RULES.buckets![0]);
  checkLabels(labels);
  const before = expositions.get(registry);
  const exposition = before ?? new Exposition([...(buckets ?? DURATIONS)]);
  if (buckets !== undefined && `${buckets}` !== `${exposition.bounds}`)
    throw allowed(WHERE, 'buckets', buckets, `those of this registry's metrics: ${exposition.bounds}`);
  exposition.register(registry);
  expositions.set(registry, exposition);
  exposition.watchers++;
  // A copy, as of the buckets: what comes later, keys say, is counted as was asked now.
  const stop = exposition.collector.watch(sources, { labels: { ...labels }, keys });
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    stop();
    if (--exposition.watchers > 0) return;
    exposition.remove(registry);
    expositions.delete(registry);
  };
}

const WHERE = 'instrument';

const isAscending = (bounds: readonly unknown[]): boolean =>
  Array.isArray(bounds) &&
  bounds.length > 0 &&
  bounds.every(
    (bound, i) => Number.isFinite(bound) && (bound as number) > (i === 0 ? 0 : (bounds[i - 1] as number)),
  );

const RESERVED = new Set([
  'pipeline',
  'key',
  'policy',
  'le',
  ...Object.values(INSTRUMENTS).flatMap((each) => Object.keys(each.labels)),
]);

function checkLabels(labels: unknown): void {
  if (typeof labels !== 'object' || labels === null)
    throw allowed(WHERE, 'labels', labels, 'an object of strings');
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value !== 'string') throw allowed(WHERE, `labels.${name}`, value, 'a string');
    if (!/^(?!__)[a-zA-Z_]\w*$/.test(name) || RESERVED.has(name))
      throw new TypeError(
        `${WHERE}: labels must be named as Prometheus allows, and not ${[...RESERVED].join(', ')}; got ${name}`,
      );
  }
}
