/** The instruments of one meter, and the numbers behind them. */
import type {
  Attributes,
  BatchObservableResult,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';
import { boundsOf } from '../../observe/bounds.ts';
import { Collector } from '../../observe/collector.ts';
import { INSTRUMENTS, type Instrument } from '../../observe/instruments.ts';
import { type Distribution, inMap, type Labels } from '../../observe/series.ts';
import { safely } from './faults.ts';
import { SCOPE } from './scope.ts';

/** A histogram with one set of attributes. */
class Recording implements Distribution {
  readonly #histogram: Histogram;
  readonly #attributes: Attributes;

  constructor(histogram: Histogram, attributes: Attributes) {
    this.#histogram = histogram;
    this.#attributes = attributes;
  }

  record(value: number): void {
    safely(() => this.#histogram.record(value, this.#attributes));
  }
}

export class Meters {
  readonly collector: Collector<Distribution>;
  readonly #meter: Meter;
  /** Counters and gauges, whose numbers are handed over when the SDK asks for them. */
  readonly #asked = new Map<Observable, Instrument>();
  readonly #attributes = new WeakMap<Labels, Attributes>();
  #openings = 0;

  /** @throws what the meter throws */
  constructor(meter: Meter) {
    this.#meter = meter;
    const histograms = new Map<Instrument, Histogram>();
    for (const instrument of Object.values(INSTRUMENTS)) {
      if (instrument.kind === 'histogram') histograms.set(instrument, histogramOf(meter, instrument));
      else this.#asked.set(observableOf(meter, instrument), instrument);
    }
    this.collector = new Collector((instrument, labels) => {
      const histogram = histograms.get(instrument) as Histogram;
      return new Recording(histogram, this.#attributesOf(labels));
    });
  }

  /** Lets the SDK ask for numbers, until `close` was called as often. */
  open(): void {
    if (this.#openings++ === 0)
      safely(() => this.#meter.addBatchObservableCallback(this.#answer, [...this.#asked.keys()]));
  }

  close(): void {
    if (--this.#openings === 0)
      safely(() => this.#meter.removeBatchObservableCallback(this.#answer, [...this.#asked.keys()]));
  }

  readonly #answer = (result: BatchObservableResult): void => {
    for (const [observable, instrument] of this.#asked)
      for (const { labels, value } of this.collector.numbers(instrument))
        result.observe(observable, value, this.#attributesOf(labels));
  };

  // The labels are the same object each time.
  #attributesOf(labels: Labels): Attributes {
    const spelled = (): Attributes =>
      Object.fromEntries(Object.entries(labels).map(([name, value]) => [`${SCOPE.name}.${name}`, value]));
    return inMap(this.#attributes, labels, spelled);
  }
}

const nameOf = ({ name }: Instrument): string => `${SCOPE.name}.${name}`;

const optionsOf = ({ help, unit }: Instrument): MetricOptions => ({ description: help, unit });

const histogramOf = (meter: Meter, instrument: Instrument): Histogram =>
  meter.createHistogram(nameOf(instrument), {
    ...optionsOf(instrument),
    advice: { explicitBucketBoundaries: [...boundsOf(instrument)] },
  });

function observableOf(meter: Meter, instrument: Instrument): Observable {
  const [name, options] = [nameOf(instrument), optionsOf(instrument)];
  if (instrument.kind === 'counter') return meter.createObservableCounter(name, options);
  // What can be summed over several processes, and what is a share and cannot.
  return instrument.unit === '1'
    ? meter.createObservableGauge(name, options)
    : meter.createObservableUpDownCounter(name, options);
}
