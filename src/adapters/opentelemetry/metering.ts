/** Counts with one provider of meters, as long as there is one that does anything. */
import { createNoopMeter, type MeterProvider, metrics } from '@opentelemetry/api';
import type { WatchOptions } from '../../observe/collector.ts';
import { inMap } from '../../observe/series.ts';
import type { Source } from '../../observe/sources.ts';
import { safely } from './faults.ts';
import { Meters } from './meters.ts';
import { SCOPE } from './scope.ts';
import { Watching } from './watching.ts';

/** What was asked for, and what ends it while it is done. */
interface Wish {
  readonly sources: readonly Source[];
  readonly options: WatchOptions;
  stop: (() => void) | undefined;
}

export class Metering {
  readonly #given: MeterProvider | undefined;
  readonly #watching = new Watching();
  readonly #wishes = new Set<Wish>();
  #provider: MeterProvider | undefined = undefined;
  #meters: Meters | undefined = undefined;

  /** @param given - Default: whichever is registered at each moment. */
  constructor(given: MeterProvider | undefined) {
    this.#given = given;
  }

  /** Counts what they do from now on, until what it returns is called. What is counted already is not counted twice. */
  watch(sources: readonly Source[], options: WatchOptions): () => void {
    const wish: Wish = { sources, options, stop: undefined };
    // A provider may be registered late, and another in its place. It is looked for at each run, before who counts it.
    const look = (): undefined => this.#look();
    const stop = this.#watching.watch(sources, (pipeline) => pipeline.record(look));
    this.#look();
    this.#wishes.add(wish);
    this.#begin(wish);
    return () => {
      stop();
      this.#wishes.delete(wish);
      this.#end(wish);
    };
  }

  #look(): undefined {
    const provider = this.#given ?? metrics.getMeterProvider();
    if (provider !== this.#provider) this.#turnTo(provider);
  }

  // Apart, since a function with a closure in it allocates for that at each call, also where it is not come to.
  #turnTo(provider: MeterProvider): void {
    this.#provider = provider;
    for (const wish of this.#wishes) this.#end(wish);
    this.#meters = safely(() => metersOf(provider));
    for (const wish of this.#wishes) this.#begin(wish);
  }

  #begin(wish: Wish): void {
    const meters = this.#meters;
    if (meters === undefined || wish.stop !== undefined) return;
    const stop = meters.collector.watch(wish.sources, wish.options);
    meters.open();
    wish.stop = () => {
      stop();
      meters.close();
    };
  }

  #end(wish: Wish): void {
    wish.stop?.();
    wish.stop = undefined;
  }
}

const known = /* @__PURE__ */ new WeakMap<MeterProvider, Meters>();

/** One for each provider, whoever it was that asked; undefined for one whose meters do nothing. */
function metersOf(provider: MeterProvider): Meters | undefined {
  const meter = provider.getMeter(SCOPE.name, SCOPE.version);
  return meter === createNoopMeter() ? undefined : inMap(known, provider, () => new Meters(meter));
}

const meterings = /* @__PURE__ */ new WeakMap<object, Metering>();

/** One for each provider, so that a run is counted once with it, however often it is asked for. */
export const meteringWith = (provider: MeterProvider | undefined): Metering =>
  inMap(meterings, provider ?? metrics, () => new Metering(provider));
