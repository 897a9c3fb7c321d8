/** What a breaker over the last ten seconds takes, before its first call and after many that lie within those ten seconds. */
import { createRequire } from 'node:module';
import { circuitBreaker as cockatielBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import { circuitBreaker } from 'holdfast';
import { heapInUse } from './heap.ts';
import { countTimers } from './timers.ts';

const WINDOW_MS = 10_000;
const CALLS = 1_000;
const WARM_UPS = 100;

type Work = () => Promise<unknown>;

interface Opossum {
  fire(): Promise<unknown>;
}
const OpossumBreaker = createRequire(import.meta.url)('opossum') as new (
  action: Work,
  options: object,
) => Opossum;

const work: Work = async () => 42;

/** How to make one, and how to call it. */
interface Kind<Breaker> {
  make(): Breaker;
  call(breaker: Breaker): Promise<unknown>;
}

const kind = <Breaker>(it: Kind<Breaker>): Kind<unknown> => it as Kind<unknown>;

export const BREAKERS = {
  holdfast: kind({
    make: () => circuitBreaker({ window: { ms: WINDOW_MS } }),
    call: (breaker) => breaker.run(work),
  }),
  cockatiel: kind({
    make: () =>
      cockatielBreaker(handleAll, {
        halfOpenAfter: 30_000,
        breaker: new SamplingBreaker({ threshold: 0.5, duration: WINDOW_MS, minimumRps: 2 }),
      }),
    call: (breaker) => breaker.execute(work),
  }),
  opossum: kind({
    make: () => new OpossumBreaker(work, { timeout: false, rollingCountTimeout: WINDOW_MS }),
    call: (breaker) => breaker.fire(),
  }),
} as const;

export interface Breakers {
  /** Bytes of one. */
  readonly idle: number;
  readonly used: number;
  /** Timers that so many idle ones keep alive, for each of them. */
  readonly timers: number;
}

/** Moves what tells the time, so that the calls are spread over the whole window. */
function moveTime(): (ms: number) => void {
  let moved = 0;
  const [now, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
  Date.now = () => now() + moved;
  performance.now = () => monotonic() + moved;
  return (ms) => {
    moved += ms;
  };
}

export async function measureBreakers(library: keyof typeof BREAKERS, breakers: number): Promise<Breakers> {
  const { make, call } = BREAKERS[library];
  const timers = countTimers();
  const wait = moveTime();
  // What is compiled and made once is no part of one breaker.
  for (let i = 0; i < WARM_UPS; i++) {
    const breaker = make();
    for (let calls = 0; calls < WARM_UPS; calls++) await call(breaker);
  }
  const timersBefore = timers.live;
  const all: unknown[] = new Array(breakers).fill(undefined);
  const empty = await heapInUse();
  for (let i = 0; i < breakers; i++) all[i] = make();
  const idle = await heapInUse();
  const alive = timers.live - timersBefore;
  for (let i = 0; i < CALLS; i++) {
    for (const breaker of all) await call(breaker);
    wait(WINDOW_MS / CALLS);
  }
  const used = await heapInUse();
  const bytes = (heap: number): number => (heap - empty) / all.length;
  return { idle: bytes(idle), used: bytes(used), timers: alive / breakers };
}
