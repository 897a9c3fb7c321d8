/** Every property, in the order of its number. */
import aborts from './aborts.ts';
import asyncContext from './async-context.ts';
import attempts from './attempts.ts';
import budget from './budget.ts';
import clocks from './clocks.ts';
import delays from './delays.ts';
import edges from './edges.ts';
import faultyUsers from './faulty-users.ts';
import fusedOrNot from './fused-or-not.ts';
import handOver from './hand-over.ts';
import nothingLeft from './nothing-left.ts';
import onceInOnceOut from './once-in-once-out.ts';
import openTime from './open-time.ts';
import pRetry from './p-retry.ts';
import places from './places.ts';
import probes from './probes.ts';
import type { Claim } from './property.ts';
import rejectedMeansNotRun from './rejected-means-not-run.ts';
import restored from './restored.ts';
import stale from './stale.ts';
import totalTimeout from './total-timeout.ts';
import trips from './trips.ts';
import usedOrNot from './used-or-not.ts';

export const properties: readonly Claim[] = [
  rejectedMeansNotRun, // 1
  probes, // 2
  stale, // 3
  onceInOnceOut, // 4
  edges, // 5
  openTime, // 6
  trips, // 7
  places, // 8
  handOver, // 9
  attempts, // 10
  delays, // 11
  totalTimeout, // 12
  nothingLeft, // 13
  aborts, // 14
  usedOrNot, // 15
  faultyUsers, // 16
  fusedOrNot, // 17
  clocks, // 18
  asyncContext, // 19
  budget, // 20
  restored, // 21
  pRetry, // 22
];
