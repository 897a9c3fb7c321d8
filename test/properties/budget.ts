/** A budget holds from the start to any moment, whatever succeeds, fails and overlaps, and whoever shares it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { constant, type RetryBudget, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { property, type Reached } from './property.ts';

interface Rules {
  readonly ratio: number;
  readonly minPerSecond: number;
  readonly burst: number;
}

/** A call through one of the retries that share the budget: for each attempt, whether it succeeds. */
interface Run {
  readonly gapMs: number;
  readonly policy: number;
  readonly attempts: readonly boolean[];
  readonly timeoutMs: number | undefined;
}

/** What is asked of the bare budget. */
type Ask = 'deposit' | 'take' | 'tokens';

interface Script {
  readonly rules: Rules;
  readonly retries: number;
  readonly delayMs: number;
  readonly startMs: number;
  readonly runs: readonly Run[];
  readonly asks: readonly (readonly [gapMs: number, ask: Ask])[];
}

interface Happened {
  readonly what: 'success' | 'retry' | 'refused';
  readonly atMs: number;
}

const ROUNDING = 1e-6;

/** The tokens that are left after all that happened, counted anew from the start. */
function tokensAfter({ ratio, minPerSecond, burst }: Rules, all: readonly Happened[], nowMs: number): number {
  let tokens = burst;
  let then = -Infinity;
  const pass = (now: number): void => {
    tokens = Math.min(burst, tokens + (minPerSecond && ((now - then) / 1_000) * minPerSecond));
    then = now;
  };
  for (const { what, atMs } of all) {
    pass(atMs);
    if (what === 'success') tokens = Math.min(burst, tokens + ratio);
    if (what === 'retry') tokens -= 1;
  }
  pass(nowMs);
  return tokens;
}

/** Each time that something happens: was it within the budget, and was what was refused beyond it? */
class Ledger {
  private readonly rules: Rules;
  private readonly startMs: number;
  private readonly reached: Reached;
  private readonly all: Happened[] = [];
  private readonly count = { success: 0, retry: 0, refused: 0 };

  constructor(rules: Rules, startMs: number, reached: Reached) {
    this.rules = rules;
    this.startMs = startMs;
    this.reached = reached;
  }

  note(what: Happened['what'], atMs: number): void {
    const { all, count, reached, rules } = this;
    const had = tokensAfter(this.rules, all, atMs);
    count[what]++;
    all.push({ what, atMs });
    const earned = rules.ratio * count.success + (rules.minPerSecond * (atMs - this.startMs)) / 1_000;
    const most = rules.burst + earned + ROUNDING;
    assert(count.retry <= most, `${count.retry} retries, where ${most} are allowed`);
    if (what === 'retry') assert(had > 1 - ROUNDING, `a retry with ${had} tokens`);
    if (what === 'refused') assert(had < 1, `refused with ${had} tokens`);
    if (what === 'refused') reached('a retry refused');
    if (what === 'retry' && count.retry > rules.burst) reached('a retry that was earned');
  }

  /** That so many tokens are there, which is never more than may be saved up. */
  expect(tokens: number, nowMs: number): void {
    const own = tokensAfter(this.rules, this.all, nowMs);
    assert(Math.abs(tokens - own) < ROUNDING, `${tokens} tokens, where ${own} are left`);
  }
}

/** Runs that begin one after the other and overlap, through two retries that share the budget. */
async function checkRetries(script: Script, budget: RetryBudget, reached: Reached): Promise<void> {
  const { rules, retries, delayMs, startMs } = script;
  const clock = new VirtualClock({ startMs });
  const ledger = new Ledger(rules, startMs, reached);
  const faults: unknown[] = [];
  const policies = [1, 2].map(() =>
    retry({ retries, budget, backoff: constant(delayMs), clock })
      .on('retry', () => ledger.note('retry', clock.now()))
      .on('exhausted', ({ reason }) => {
        if (reason === 'budget') ledger.note('refused', clock.now());
        if (reason === 'deadline') reached('a retry that comes too late, and costs nothing');
      })
      .on('listener-error', ({ error }) => faults.push(error)),
  );
  const settled: Promise<unknown>[] = [];
  let most = 0;
  for (const { gapMs, policy, attempts, timeoutMs } of script.runs) {
    if (gapMs > 0) await clock.advance(gapMs);
    const operation = ({ attempt }: { readonly attempt: number }): void => {
      most = Math.max(most, attempt);
      if (!attempts[Math.min(attempt, attempts.length) - 1]) throw new Error('boom');
      ledger.note('success', clock.now());
    };
    const run = policies[policy]?.run(operation, { timeoutMs });
    settled.push(run?.catch(() => {}) ?? Promise.reject(new Error('no such retry')));
  }
  await clock.runAll();
  await Promise.all(settled);
  if (faults.length > 0) throw faults[0];
  assert(most <= 1 + retries, `${most} attempts`);
  ledger.expect(budget.tokens(clock.now()), clock.now());
}

/** The budget by itself, for a retry of the user's own. */
function checkBare({ rules, startMs, asks }: Script, budget: RetryBudget, reached: Reached): void {
  const ledger = new Ledger(rules, startMs, reached);
  let now = startMs;
  for (const [gapMs, ask] of asks) {
    now += gapMs;
    if (ask === 'deposit') {
      budget.deposit();
      ledger.note('success', now);
    } else if (ask === 'take') {
      ledger.note(budget.take(now) ? 'retry' : 'refused', now);
    }
    ledger.expect(budget.tokens(now), now);
  }
}

const script: fc.Arbitrary<Script> = fc.record(
  {
    rules: fc.record(
      {
        ratio: fc.constantFrom(0, 0.1, 0.25, 1),
        minPerSecond: fc.constantFrom(0, 0.5, 1, 10),
        burst: fc.constantFrom(1, 2, 2.5, 5),
      },
      { noNullPrototype: true },
    ),
    retries: fc.constantFrom(1, 2, 4, 0),
    delayMs: fc.constantFrom(0, 50, 300),
    startMs: fc.constantFrom(0, 1_000_000_007),
    runs: fc.array(
      fc.record(
        {
          gapMs: fc.constantFrom(0, 0, 1, 100, 700),
          policy: fc.constantFrom(0, 1),
          attempts: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
          timeoutMs: fc.constantFrom(undefined, undefined, 40, 400),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 16, size: 'max' },
    ),
    asks: fc.array(
      fc.tuple(
        fc.constantFrom(0, 1, 100, 999, 7_200_000),
        fc.constantFrom<Ask[]>('take', 'deposit', 'tokens'),
      ),
      { maxLength: 20, size: 'max' },
    ),
  },
  { noNullPrototype: true },
);

export default property<Script>({
  number: 20,
  name: 'Over any prefix of a history, retries <= burst + ratio * successes + minPerSecond * elapsed seconds',
  file: 'budget',
  script,
  reaches: ['a retry refused', 'a retry that was earned', 'a retry that comes too late, and costs nothing'],
  async holds(given, reached) {
    checkBare(given, retryBudget(given.rules), reached);
    await checkRetries(given, retryBudget(given.rules), reached);
  },
});
