/** The numbers behind the instruments: one for each set of labels that was ever used. They live as long as the collector. */
import type { Instrument } from './instruments.ts';

/** The labels of one series, always in the same order. */
export type Labels = Readonly<Record<string, string>>;

/** One number. */
export interface Sample {
  /** The same object each time. */
  readonly labels: Labels;
  readonly value: number;
}

/** What is told of single values. What it throws is kept from the calls. */
export interface Distribution {
  /** Seconds, or what the instrument counts. */
  record(value: number): void;
}

/** A number that a counter or a gauge has come to. */
export class Cell implements Sample {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }
}

/** What the map holds for the key, made if there is nothing yet. */
export function inMap<Key, Value>(
  map: Pick<Map<Key, Value>, 'get'> & { set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The series of each instrument, made when they are first asked for. */
export class Series<Each> {
  readonly #make: (instrument: Instrument, labels: Labels) => Each;
  readonly #all = new Map<Instrument, Map<string, Each>>();

  constructor(make: (instrument: Instrument, labels: Labels) => Each) {
    this.#make = make;
  }

  at(instrument: Instrument, labels: Labels): Each {
    const series = inMap(this.#all, instrument, () => new Map<string, Each>());
    return inMap(series, JSON.stringify(labels), () => this.#make(instrument, labels));
  }

  of(instrument: Instrument): Iterable<Each> {
    return this.#all.get(instrument)?.values() ?? [];
  }
}
