/** A collector, and what it has counted, written out. */
import { Collector, type WatchOptions } from '../../src/observe/collector.ts';
import { INSTRUMENTS, type Instrument } from '../../src/observe/instruments.ts';
import type { Labels } from '../../src/observe/series.ts';
import type { Source } from '../../src/observe/sources.ts';

const instruments: readonly Instrument[] = Object.values(INSTRUMENTS);

const textOf = ({ name }: Instrument, labels: Labels): string =>
  [name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' ');

class Noted {
  readonly text: string;
  readonly values: number[] = [];

  constructor(text: string) {
    this.text = text;
  }

  record(value: number): void {
    this.values.push(value);
  }
}

export function collecting() {
  const collector = new Collector((instrument, labels) => new Noted(textOf(instrument, labels)));
  /** The numbers of these instruments, of all without any: name and labels, and the number. */
  const numbers = (...of: readonly Instrument[]): Record<string, number> =>
    Object.fromEntries(
      (of.length > 0 ? of : instruments).flatMap((instrument) =>
        [...collector.numbers(instrument)].map(({ labels, value }) => [textOf(instrument, labels), value]),
      ),
    );
  return {
    collector,
    watch: (sources: Iterable<Source>, options?: WatchOptions) => collector.watch(sources, options),
    numbers,
    /** Those that are not 0. */
    counted: (...of: readonly Instrument[]): Record<string, number> =>
      Object.fromEntries(Object.entries(numbers(...of)).filter(([, value]) => value !== 0)),
    /** The values of these histograms. */
    values: (...of: readonly Instrument[]): Record<string, number[]> =>
      Object.fromEntries(
        of.flatMap((instrument) =>
          [...collector.distributions(instrument)].map(({ text, values }) => [text, values]),
        ),
      ),
  };
}
