/** The buckets of a histogram with one set of labels, as plain numbers: prom-client makes text of them at each scrape. */
import type { Distribution, Labels } from '../../observe/series.ts';

export class Buckets implements Distribution {
  readonly labels: Labels;
  readonly bounds: readonly number[];
  /** Of each bucket alone; the last is for what is above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  record(value: number): void {
    const { bounds, counts } = this;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (counts[i] as number)++;
    this.sum += value;
  }
}
