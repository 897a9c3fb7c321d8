/**
 * Listens to pipelines and keeps plain numbers of what they do, for any library of metrics. An adapter makes one for each
 * of its registries, tells it what to watch, and reads the numbers when it is asked for them; what a histogram is made of
 * is told to it value by value, as it happens.
 */
import type { EventOrigin } from '../core/events.ts';
import { Account, type Books, PipelineAccount } from './account.ts';
import { CircuitWatch } from './circuit-watch.ts';
import { GaugeReader, targetOf } from './gauges.ts';
import { Listener, Listening } from './holding.ts';
import { type Home, Homes, SHARED } from './homes.ts';
import { INSTRUMENTS, type Instrument } from './instruments.ts';
import { Meter } from './meter.ts';
import { type AnyPolicy, type Circuit, emitting, isCircuit, isUntimed, type StateEvent } from './policies.ts';
import { Cell, type Distribution, inMap, type Labels, type Sample, Series } from './series.ts';
import { type AnyPipeline, isKeyed, type Source } from './sources.ts';

/** How something is watched. */
export interface WatchOptions {
  /** Labels besides those of the instruments, the same on all series. Default: none. */
  readonly labels?: Labels | undefined;
  /** How many keys of each `keyed` get a label `key` of their own, an integer >= 0; all further are `other`. Default: 0, no such label. */
  readonly keys?: number | undefined;
}

/** The label of the keys that have none of their own. */
const OTHER = 'other';

/** One who watches, until it is told to stop. */
interface Watcher {
  readonly pipelines: Listener<AnyPipeline>;
  readonly circuits: Listener<Circuit>;
}

type Exhausted = EventOrigin & { readonly reason: string };

export class Collector<D extends Distribution> {
  readonly #books: Books<D>;
  readonly #accounts = new Map<string, PipelineAccount>();
  /** Those that are of no single pipeline. */
  readonly #plains = new Map<string, Account>();
  /** Where each pipeline that was ever seen is counted. */
  readonly #settled = new WeakMap<AnyPipeline, PipelineAccount>();
  /** The keys of each `keyed` that have a label of their own, whoever asked for it. */
  readonly #known = new WeakMap<Source, Set<string>>();
  readonly #homes = new Homes();
  readonly #gauges = new GaugeReader(this.#homes);
  readonly #pipelines = new Listening<AnyPipeline>();
  readonly #circuits = new Listening<Circuit>();
  readonly #watches = new WeakMap<object, CircuitWatch>();
  /** What is watched, as often as it is. */
  readonly #sources = new Set<{ readonly source: Source }>();

  /** `distribution` makes what the single values of a histogram with these labels are told to. That may not throw. */
  constructor(distribution: (instrument: Instrument, labels: Labels) => D) {
    this.#books = {
      counts: new Series((_, labels) => new Cell(labels)),
      distributions: new Series(distribution),
    };
  }

  /** Counts what the pipelines do from now on, until what it returns is called. What is watched already is not counted twice. */
  watch(sources: Iterable<Source>, { labels = {}, keys = 0 }: WatchOptions = {}): () => void {
    const watcher: Watcher = { pipelines: new Listener(), circuits: new Listener() };
    const entries = [...sources].map((source) => ({
      source,
      accountOf: this.#accountsOf(source, labels, keys),
    }));
    // Before anything is listened to it is known what is shared.
    for (const { source, accountOf } of entries)
      for (const [key, pipeline] of pipelinesOf(source)) this.#settle(pipeline, () => accountOf(key));
    const stops = entries.map(({ source, accountOf }) => {
      const listen = (key: string | undefined, pipeline: AnyPipeline): void =>
        this.#listen(
          pipeline,
          this.#settle(pipeline, () => accountOf(key)),
          watcher,
        );
      return isKeyed(source) ? source.follow(listen) : listen(undefined, source);
    });
    for (const entry of entries) this.#sources.add(entry);
    return () => {
      for (const stop of stops) stop?.();
      for (const entry of entries) this.#sources.delete(entry);
      this.#pipelines.end(watcher.pipelines);
      this.#circuits.end(watcher.circuits);
    };
  }

  /** The numbers of a counter or a gauge, as they are now. */
  numbers(instrument: Instrument): Iterable<Sample> {
    if (instrument === INSTRUMENTS.circuitOpen) this.#catchUp();
    return this.#gauges.reads(instrument)
      ? this.#gauges.read(instrument, this.#policies())
      : this.#books.counts.of(instrument);
  }

  /** What the values of a histogram are told to: one for each set of labels that there has been so far. */
  distributions(instrument: Instrument): Iterable<D> {
    return this.#books.distributions.of(instrument);
  }

  /** Where each pipeline of the source is counted: the same place for all, unless keys are told apart. */
  #accountsOf(source: Source, labels: Labels, keys: number): (key?: string) => PipelineAccount {
    const known = inMap(this.#known, source, () => new Set<string>());
    return (key) => {
      if (key === undefined || keys === 0) return this.#account({ pipeline: source.name, ...labels }, labels);
      if (known.size < keys) known.add(key);
      const name = { pipeline: source.name, key: known.has(key) ? key : OTHER };
      return this.#account({ ...name, ...labels }, labels, { pipeline: source.name, ...labels });
    };
  }

  #account(own: Labels, labels: Labels, common?: Labels): PipelineAccount {
    return inMap(this.#accounts, JSON.stringify([own, common]), () => {
      const shared = this.#plain({ pipeline: SHARED, ...labels });
      return new PipelineAccount(this.#books, own, shared, common && this.#plain(common));
    });
  }

  #plain(labels: Labels): Account {
    return inMap(this.#plains, JSON.stringify(labels), () => new Account(this.#books, labels));
  }

  /**
   * Says where the pipeline is counted, the first time that it is seen, and of each policy in it where that is counted
   * which belongs to no run.
   */
  #settle(pipeline: AnyPipeline, accountOf: () => PipelineAccount): PipelineAccount {
    return inMap(this.#settled, pipeline, () => {
      const account = accountOf();
      for (const policy of pipeline.builtIns) {
        const [target, label] = [targetOf(policy), pipeline.labelOf(policy as never)];
        if (target !== undefined) this.#homes.settle({ target, name: policy.name, label }, account);
      }
      return account;
    });
  }

  #listen(pipeline: AnyPipeline, account: PipelineAccount, watcher: Watcher): void {
    const circuits = pipeline.builtIns.filter(isCircuit);
    for (const circuit of circuits)
      this.#circuits.add(circuit, watcher.circuits, () => this.#follow(circuit));
    this.#pipelines.add(pipeline, watcher.pipelines, () => this.#count(pipeline, account, circuits));
  }

  #count(pipeline: AnyPipeline, account: PipelineAccount, circuits: readonly Circuit[]): () => void {
    for (const policy of pipeline.builtIns) account.expect(policy, pipeline.labelOf(policy as never));
    const watchOf = (circuit: object): CircuitWatch | undefined => this.#watches.get(circuit);
    const untimed = circuits.filter(isUntimed).map((circuit) => watchOf(circuit) as CircuitWatch);
    const stop = pipeline.record((run) => new Meter(run, { account, watchOf, untimed }));
    const onExhausted = ({ policy, reason }: Exhausted): void => {
      account.count(INSTRUMENTS.retryExhausted, policy, { reason }).value++;
    };
    const onStale = ({ policy }: EventOrigin): void => {
      account.count(INSTRUMENTS.circuitStale, policy).value++;
    };
    const emitter = emitting(pipeline);
    emitter.on('exhausted', onExhausted);
    emitter.on('stale', onStale);
    return () => {
      stop();
      emitter.off('exhausted', onExhausted);
      emitter.off('stale', onStale);
    };
  }

  #follow(circuit: Circuit): () => void {
    const watch = new CircuitWatch(circuit, this.#homes.of(circuit) as Home);
    const onState = (event: StateEvent): void => watch.changed(event);
    this.#watches.set(circuit, watch);
    emitting(circuit).on('state', onState);
    return () => {
      emitting(circuit).off('state', onState);
    };
  }

  *#policies(): Iterable<AnyPolicy> {
    for (const { source } of this.#sources)
      for (const [, pipeline] of pipelinesOf(source)) yield* pipeline.builtIns;
  }

  #catchUp(): void {
    for (const policy of this.#policies()) if (isCircuit(policy)) this.#watches.get(policy)?.catchUp(policy);
  }
}

function* pipelinesOf(source: Source): Iterable<[key: string | undefined, pipeline: AnyPipeline]> {
  if (isKeyed(source)) yield* source.alive();
  else yield [undefined, source];
}
