import { AsyncLocalStorage } from 'node:async_hooks';
import {
  bulkhead,
  type Call,
  type CallReport,
  circuitBreaker,
  constant,
  fallback,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';

/** What becomes of a run: a thousand of them do all of this at the same time. */
const FATES = ['answers', 'retries', 'throws', 'hangs', 'heeds', 'aborted', 'aborted early', 'bug'] as const;
type Fate = (typeof FATES)[number];
interface Visit {
  readonly id: number;
  readonly fate: Fate;
}

const RUNS = 1_000;
const storage = new AsyncLocalStorage<Visit>();

/** How often each piece of the user's code ran, and where it met another run's store, or none. */
function witness() {
  const visits = new Map<string, number>();
  const strangers: string[] = [];
  const see = (where: string, expected: unknown): void => {
    visits.set(where, (visits.get(where) ?? 0) + 1);
    const store = storage.getStore();
    if (store === undefined || store !== expected) {
      strangers.push(`${where} of ${JSON.stringify(expected)} saw ${JSON.stringify(store)}`);
    }
  };
  return { visits, strangers, see };
}

function setUp() {
  const clock = new VirtualClock({ seed: 3 });
  const { visits, strangers, see } = witness();
  const places = bulkhead({ concurrency: 8, queue: 20, queueTimeoutMs: 30 });
  const judge = (where: string) => (_outcome: unknown, call: Call) => see(where, call.context);
  const shop = pipeline(
    { name: 'shop', clock, random: clock.random, judge: judge("the pipeline's judge") },
    fallback((_error, call) => see('the fallback', call.context)),
    retry({
      backoff: (n, history) => {
        see('the backoff', storage.getStore());
        return constant(15)(n, history);
      },
      budget: false,
      judge: judge("the retry's judge"),
    }),
    circuitBreaker({
      minimumCalls: 10 * RUNS,
      lowTrafficFailures: Infinity,
      judge: judge("the breaker's judge"),
    }),
    timeout({ ms: 50 }),
    places,
  );
  for (const type of [
    'call',
    'retry',
    'exhausted',
    'timeout',
    'queue',
    'reject',
    'abandon',
    'fallback',
  ] as const) {
    const listen = (event: object): void =>
      see(`a listener of ${type}`, type === 'call' ? (event as CallReport).context : storage.getStore());
    shop.on(type, listen);
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
  const operation = async (call: Call): Promise<string> => {
    const { fate } = call.context as Visit;
    see('the operation', call.context);
    call.signal.addEventListener('abort', () => see('an abort listener', call.context));
    if (fate === 'hangs') return new Promise(() => {});
    if (fate === 'heeds') {
      return new Promise((_, reject) =>
        call.signal.addEventListener('abort', () => reject(call.signal.reason)),
      );
    }
    await pause(fate === 'aborted' ? 45 : 1 + (call.attempt % 3));
    if (fate === 'throws' || (fate === 'retries' && call.attempt === 1)) throw new Error('down');
    if (fate === 'bug') throw new TypeError('a bug');
    see('the operation, later', call.context);
    return 'answer';
  };
  return { clock, places, shop, operation, see, visits, strangers };
}

it('shows each of a thousand interleaved runs its own store, whoever woke it', async () => {
  const { clock, places, shop, operation, see, visits, strangers } = setUp();
  const ended: number[] = [];
  for (let id = 0; id < RUNS; id++) {
    const visit: Visit = { id, fate: FATES[id % FATES.length] as Fate };
    const caller = new AbortController();
    storage.run(visit, () => {
      const after = (): void => {
        see('the caller', visit);
        ended.push(id);
      };
      shop
        .run(operation, { signal: caller.signal, context: visit, judge: () => see("the run's judge", visit) })
        .then(after, after);
    });
    // Somebody else's stack, with somebody else's store, aborts.
    if (visit.fate === 'aborted')
      storage.run({ id: -id, fate: 'answers' }, () => clock.setTimer(20, () => caller.abort()));
    if (visit.fate === 'aborted early') storage.run({ id: -id, fate: 'answers' }, () => caller.abort());
    if (id % 4 === 0) await clock.advance(2);
    // What hangs holds its place for ever: make room as an operator would.
    if (id % 10 === 0) places.resize({ concurrency: places.abandoned + 8 });
  }
  await clock.runAll();

  expect(strangers).toEqual([]);
  expect(ended).toHaveLength(RUNS);
  // Nothing of all this is seen to be right because it never happened.
  for (const where of [
    'the operation',
    'the operation, later',
    'an abort listener',
    'the fallback',
    'the backoff',
    "the retry's judge",
    "the run's judge",
    "the breaker's judge",
    "the pipeline's judge",
    ...['retry', 'exhausted', 'timeout', 'queue', 'reject', 'abandon', 'fallback'].map(
      (type) => `a listener of ${type}`,
    ),
  ]) {
    expect(visits.get(where) ?? 0, where).toBeGreaterThan(20);
  }
  expect(visits.get('a listener of call')).toBe(RUNS);
  expect(visits.get('the caller')).toBe(RUNS);
});
