/** How Prometheus calls an instrument: one prefix, base units, `_total` for counters. */
import type { Instrument } from '../../observe/instruments.ts';

export const nameOf = ({ name, unit, kind }: Instrument): string =>
  [
    'holdfast',
    ...name.split('.'),
    ...(unit === 's' ? ['seconds'] : []),
    ...(kind === 'counter' ? ['total'] : []),
  ].join('_');
