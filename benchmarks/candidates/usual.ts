/** The same four policies as they are usually written by hand: async functions, and a `setTimeout` for each call. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BREAKER, type Built, RETRIES, type Settings, type Work } from './candidate.ts';

export function usual(work: Work, settings: Settings): Built {
  const { timeoutMs, concurrency, openMs, backoffMs } = settings;
  let inFlight = 0;
  let results: boolean[] = [];
  let openUntil = 0;

  async function limited(): Promise<unknown> {
    if (inFlight >= concurrency) throw new Error('too many calls in flight');
    inFlight++;
    try {
      return await work();
    } finally {
      inFlight--;
    }
  }

  async function timed(): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return await Promise.race([limited(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function record(failed: boolean): void {
    results.push(failed);
    if (results.length > BREAKER.calls) results.shift();
    if (!failed || results.length < BREAKER.minimumCalls) return;
    const failures = results.reduce((sum, each) => sum + Number(each), 0);
    if (failures / results.length < BREAKER.failureRate) return;
    openUntil = Date.now() + openMs;
    results = [];
  }

  async function guarded(): Promise<unknown> {
    if (Date.now() < openUntil) throw new Error('the circuit is open');
    try {
      const value = await timed();
      record(false);
      return value;
    } catch (error) {
      record(true);
      throw error;
    }
  }

  async function call(): Promise<unknown> {
    for (let retry = 0; ; retry++) {
      try {
        return await guarded();
      } catch (error) {
        if (retry === RETRIES || Date.now() < openUntil) throw error;
        await sleep(Math.random() * backoffMs * 2 ** retry);
      }
    }
  }

  return { call };
}
