/**
 * An instrument as a registry of prom-client knows metrics: it is asked for its values at each scrape. The registry makes
 * the text, adds default labels, and speaks OpenMetrics where it is told to. Nothing of prom-client's runs in a call:
 * `observe` of its own histograms looks up, hashes and checks the labels each time.
 */
import type { Collector } from '../../observe/collector.ts';
import type { Instrument } from '../../observe/instruments.ts';
import type { Labels } from '../../observe/series.ts';
import type { Buckets } from './buckets.ts';
import { nameOf } from './names.ts';

/** One line of a scrape. */
interface Line {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
  /** Labels that stay the same object, so that prom-client makes text of them only once. */
  readonly sharedLabels: Labels;
}

interface Scraped<Each> {
  readonly name: string;
  readonly help: string;
  readonly type: Instrument['kind'];
  readonly aggregator: 'sum' | 'average';
  readonly values: readonly Each[];
}

const NONE = {};

export class Metric {
  // A registry that speaks OpenMetrics takes the `_total` from it.
  name: string;
  readonly help: string;
  readonly type: Instrument['kind'];
  /** What a cluster makes of the values of its workers. */
  readonly aggregator: 'sum' | 'average';
  readonly #instrument: Instrument;
  readonly #collector: Collector<Buckets>;

  constructor(instrument: Instrument, collector: Collector<Buckets>) {
    this.name = nameOf(instrument);
    this.help = instrument.help;
    this.type = instrument.kind;
    this.aggregator = instrument.unit === '1' ? 'average' : 'sum';
    this.#instrument = instrument;
    this.#collector = collector;
  }

  /** What the registry makes text of. */
  async getForPromString(): Promise<Scraped<Line>> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...this.#lines()] };
  }

  /** The same for who wants objects. */
  async get(): Promise<Scraped<Omit<Line, 'sharedLabels'>>> {
    const { values, ...rest } = await this.getForPromString();
    const whole = ({ labels, sharedLabels, ...line }: Line) => ({
      ...line,
      labels: { ...labels, ...sharedLabels },
    });
    return { ...rest, values: values.map(whole) };
  }

  /** Does nothing: the numbers count since `instrument` was called. */
  reset(): void {}

  *#lines(): Iterable<Line> {
    if (this.type === 'histogram')
      for (const buckets of this.#collector.distributions(this.#instrument))
        yield* linesOf(this.name, buckets);
    else
      for (const { labels, value } of this.#collector.numbers(this.#instrument))
        yield { labels: NONE, value, sharedLabels: labels };
  }
}

function* linesOf(name: string, { labels, bounds, counts, sum }: Buckets): Iterable<Line> {
  const line = (suffix: string, value: number, own: Line['labels'] = NONE): Line => ({
    labels: own,
    value,
    metricName: `${name}_${suffix}`,
    sharedLabels: labels,
  });
  let count = 0;
  for (const [i, inBucket] of counts.entries()) {
    count += inBucket;
    yield line('bucket', count, { le: bounds[i] ?? '+Inf' });
  }
  yield line('sum', sum);
  yield line('count', count);
}
