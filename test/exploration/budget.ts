/**
 * The token bucket of the retry budget beside a naive one: the list of all that has happened, gone through from the
 * start at each question, in whole thousandths of a token.
 */
import { TokenBucket } from '../../src/structures/token-bucket.ts';
import { agree } from './agree.ts';
import { copyOf } from './copy.ts';
import type { System } from './explore.ts';

export interface BudgetConfig {
  readonly name: string;
  readonly ratio: number;
  readonly perSecond: number;
  readonly burst: number;
}

type BudgetEvent = { readonly do: 'success' | 'retry' } | { readonly do: 'pass'; readonly ms: number };

/** What has happened so far: a success, a retry that was granted, or so many milliseconds. */
type Happened = 'success' | 'granted' | number;

interface Pair {
  readonly bucket: TokenBucket;
  readonly history: readonly Happened[];
  readonly nowMs: number;
}

const WHOLE = 1_000;

/** Rounded, since sums of tenths in floating point miss by far less than anything that counts; and never -0. */
const whole = (tokens: number): number => Math.round(tokens * WHOLE) || 0;

export function budgetSystem(config: BudgetConfig): System<Pair, BudgetEvent> {
  const { ratio, perSecond, burst } = config;
  const full = burst * WHOLE;
  const perSuccess = ratio * WHOLE;
  // Thousandths a millisecond are whole ones a second.
  const perMs = perSecond;

  const worth = (each: Happened): number => {
    if (each === 'granted') return -WHOLE;
    return each === 'success' ? perSuccess : each * perMs;
  };
  const left = (history: readonly Happened[]): number =>
    history.reduce<number>((held, each) => Math.min(full, held + worth(each)), full);
  /** As if nothing had ever been lost because the bucket was full. */
  const everGiven = (history: readonly Happened[]): number =>
    history.reduce<number>((held, each) => held + worth(each), full);

  function check({ bucket, history, nowMs }: Pair): void {
    agree('thousandths of a token', whole(bucket.tokens(nowMs)), left(history));
    agree('more granted than successes and time have brought', everGiven(history) < 0, false);
  }

  return {
    initial: { bucket: new TokenBucket(burst, perSecond), history: [], nowMs: 0 },

    events({ history }) {
      const events: BudgetEvent[] = [{ do: 'success' }, { do: 'retry' }];
      if (perMs === 0) return [...events, { do: 'pass', ms: 1 }];
      const held = left(history);
      const edges = [WHOLE, full].map((level) => Math.ceil((level - held) / perMs));
      const times = new Set([1, ...edges.flatMap((edge) => [edge - 1, edge, edge + 1])]);
      for (const ms of times) if (ms > 0) events.push({ do: 'pass', ms });
      return events;
    },

    after(before, event) {
      const bucket = copyOf(before.bucket);
      const nowMs = before.nowMs + (event.do === 'pass' ? event.ms : 0);
      const news: Happened[] = [];
      if (event.do === 'pass') news.push(event.ms);
      if (event.do === 'success') {
        bucket.deposit(ratio);
        news.push('success');
      }
      if (event.do === 'retry') {
        const granted = bucket.take(nowMs);
        agree('whether a retry is granted', granted, left(before.history) >= WHOLE);
        if (granted) news.push('granted');
      }
      const pair = { bucket, history: [...before.history, ...news], nowMs };
      check(pair);
      return pair;
    },

    key({ bucket, history, nowMs }) {
      const { held, filledAt } = bucket as unknown as { held: number; filledAt: number | undefined };
      const thousandths = whole(held);
      // Beyond the moment at which it is full, time brings nothing.
      const dry = perMs === 0 ? 0 : Math.ceil((full - thousandths) / perMs);
      const ageMs = filledAt === undefined ? 'never' : Math.min(nowMs - filledAt, dry);
      return [thousandths, ageMs, left(history)].join();
    },

    say: (event) => (event.do === 'pass' ? `${event.ms} ms pass` : event.do),
  };
}

/** Tokens come within milliseconds, so that all levels of the bucket are met. The largest first. */
export const budgetConfigurations: readonly BudgetConfig[] = [3, 2, 1.5, 1].flatMap((burst) =>
  [50, 100, 500, 0].flatMap((perSecond) =>
    [0.1, 0.3, 0.5, 1, 0].map((ratio) => ({
      name: `burst ${burst}, ${perSecond} a second, ${ratio} a success`,
      ratio,
      perSecond,
      burst,
    })),
  ),
);
