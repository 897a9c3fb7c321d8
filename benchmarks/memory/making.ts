/** How long it takes to make very many breakers, and what they leave running. */
import { circuitBreaker } from 'holdfast';
import { type Spread, spread } from '../measure.ts';
import { heapInUse } from './heap.ts';
import { countTimers } from './timers.ts';

const TIMES = 7;

export interface Making {
  /** For all of them. */
  readonly ms: Spread;
  readonly timers: number;
}

export async function measureMaking(breakers: number): Promise<Making> {
  const timers = countTimers();
  const ms: number[] = [];
  let alive = 0;
  for (let i = 0; i < TIMES; i++) {
    await heapInUse();
    const before = timers.live;
    const start = performance.now();
    const all = Array.from({ length: breakers }, () => circuitBreaker());
    ms.push(performance.now() - start);
    alive = Math.max(alive, timers.live - before);
    if (all.length !== breakers) throw new Error('they were not kept');
  }
  return { ms: spread(ms), timers: alive };
}
