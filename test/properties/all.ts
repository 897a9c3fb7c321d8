/** Every property, in the order of its number. */
import budget from './budget.ts';
import clocks from './clocks.ts';
import delays from './delays.ts';
import edges from './edges.ts';
import handOver from './hand-over.ts';
import openTime from './open-time.ts';
import pRetry from './p-retry.ts';
import probes from './probes.ts';
import type { Claim } from './property.ts';
import restored from './restored.ts';
import stale from './stale.ts';
import trips from './trips.ts';

export const properties: readonly Claim[] = [
  probes, // 2
  stale, // 3
  edges, // 5
  openTime, // 6
  trips, // 7
  handOver, // 9
  delays, // 11
  clocks, // 18
  budget, // 20
  restored, // 21
  pRetry, // 22
];
