/** Which metrics and labels a query uses, and whether they exist. */
import { nameOf } from '../../src/adapters/prometheus/names.ts';
import { INSTRUMENTS, type Instrument } from '../../src/observe/instruments.ts';

const lines = (instrument: Instrument): string[] => {
  const name = nameOf(instrument);
  return instrument.kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
};

/** Each name that stands in a line of a scrape, with the instrument. */
export const metrics = new Map<string, Instrument>(
  Object.values(INSTRUMENTS).flatMap((each) => lines(each).map((name) => [name, each] as const)),
);

/** The metrics of ours in a text. */
export const namesIn = (query: string): string[] => query.match(/\bholdfast_[a-z_]+/g) ?? [];

const OF_PROMETHEUS = ['job', 'instance'];

/** What is wrong with a query: names, labels and values of labels that do not exist. */
export function faultsIn(query: string): string[] {
  const unknown = namesIn(query).filter((name) => !metrics.has(name) && !query.includes(`:${name}`));
  const selectors = [...query.matchAll(/\b(holdfast_[a-z_]+)\{([^}]*)\}/g)].flatMap(
    ([, name = '', inner = '']) => {
      const instrument = metrics.get(name);
      if (instrument === undefined) return [];
      return [...inner.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].flatMap(
        ([, label = '', value = '']) => {
          if ([...OF_PROMETHEUS, 'pipeline', ...(instrument.perPolicy ? ['policy'] : [])].includes(label))
            return [];
          const values = (instrument.labels as Record<string, readonly string[]>)[label];
          if (values === undefined) return [`${name} has no label ${label}`];
          return value
            .split('|')
            .flatMap((each) => (values.includes(each) ? [] : [`${name} has no ${label}="${each}"`]));
        },
      );
    },
  );
  const known = new Set([...OF_PROMETHEUS, 'le', 'pipeline']);
  for (const name of namesIn(query)) {
    const instrument = metrics.get(name);
    for (const label of Object.keys(instrument?.labels ?? {})) known.add(label);
    if (instrument?.perPolicy) known.add('policy');
  }
  const grouped = [...query.matchAll(/\bby\s*\(([^)]*)\)/g)]
    .flatMap(([, list = '']) => list.split(',').map((label) => label.trim()))
    .filter((label) => !known.has(label))
    .map((label) => `nothing in it has a label ${label}`);
  return [...unknown.map((name) => `there is no ${name}`), ...selectors, ...grouped];
}
