/** Chance that can be repeated: one stream of it for each seed. */
import { VirtualClock } from 'holdfast/testing';

export class Chance {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = new VirtualClock({ seed }).random;
  }

  /** A whole number below the limit. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** One of them, each as often as its weight. */
  of<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let left = this.random() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    return names[0]!;
  }
}
