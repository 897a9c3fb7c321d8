/**
 * What the user's functions throw is the user's to hear of, and changes nothing else. A case plays its script twice,
 * and so takes longer: with functions that throw, and with well-behaved ones that come to the same.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ExhaustedEvent, type Judge, type Policy, type RetryBudget, retry } from 'holdfast';
import { property } from './property.ts';
import { type Account, accountOf, again } from './support/account.ts';
import { EVENTS, type EventName, listen } from './support/looking-on.ts';
import type { Watch } from './support/play.ts';
import { type JudgeWord, type PolicySpec, type Script, scripts } from './support/script.ts';

/** A listener that stands before all others, at each pipeline or at each policy. */
interface Trouble {
  readonly at: 'pipeline' | 'policy';
  readonly on: EventName;
  readonly does: 'throw' | 'reject' | 'return a thenable that throws';
}

interface TroubledScript extends Script {
  readonly troubles: readonly Trouble[];
}

const trouble: fc.Arbitrary<Trouble> = fc.record(
  {
    at: fc.constantFrom('pipeline', 'policy'),
    on: fc.constantFrom<EventName[]>(...EVENTS, 'listener-error'),
    does: fc.constantFrom('throw', 'reject', 'return a thenable that throws'),
  },
  { noNullPrototype: true },
);

function make({ does }: Trouble, error: Error): unknown {
  if (does === 'throw') throw error;
  if (does === 'reject') return Promise.reject(error);
  return {
    then: () => {
      throw error;
    },
  };
}

/** The same, told in a way that no function need throw for. */
const politely = (word: JudgeWord | undefined): JudgeWord | undefined =>
  word && /throws|nonsense|promise/.test(word) ? 'not again' : word;

const tamed = (script: Script): Script => ({
  ...script,
  policies: script.policies.map((spec) =>
    spec.kind === 'gate' && spec.does === 'throw in leave' ? { ...spec, does: 'admit' } : spec,
  ),
  judge: politely(script.judge),
  calls: script.calls.map((call) => ({ ...call, judge: politely(call.judge) })),
});

const EMPTY: RetryBudget = { deposit: () => {}, take: () => false, tokens: () => 0 };

/** A retry whose backoff gives no delay is one whose budget gives no retry, but for the reason that it tells. */
function tamedRetry(given: Policy, spec: PolicySpec): Policy {
  if (spec.kind !== 'retry' || typeof spec.delay === 'number') return given;
  const { name, retries, clock } = given as ReturnType<typeof retry>;
  return retry({ name, retries, clock, backoff: () => 0, budget: EMPTY, random: () => 0 });
}

const anyReason = ({ events, counts }: Account, script: Script): unknown => {
  const faulty = script.policies.flatMap((spec, i) =>
    spec.kind === 'retry' && typeof spec.delay !== 'number' ? [`exhausted {policy retry-${i} `] : [],
  );
  const plain = (line: string): string =>
    faulty.some((start) => line.startsWith(start))
      ? line.replace(/reason (backoff|budget|deadline|hint) /, '')
      : line;
  return { counts, events: [...events].map(([atMs, lines]) => [atMs, lines.map(plain)]) };
};

/** Remembers what the judge throws. */
const recorded =
  (judge: Judge, thrown: Set<unknown>): Judge =>
  (...args) => {
    try {
      return judge(...args);
    } catch (error) {
      thrown.add(error);
      throw error;
    }
  };

/** Faults of the user's that are reported, by what they say. */
const FAULTS = {
  'a listener throws': /^trouble: throw/,
  'a listener rejects': /^trouble: reject/,
  'a listener gives a bad thenable': /^trouble: return/,
  'a judge throws': /^no judgement/,
  'a judge gives no verdict': /verdict must be/,
  'a backoff throws': /^no delay/,
  'a backoff gives no delay': /delay of backoff must be/,
  'a gate throws': /threw in leave/,
} as const;

export default property({
  number: 16,
  name: "A throwing listener, judge or backoff changes no one else's outcome and loses nothing",
  file: 'faulty-users',
  script: scripts<TroubledScript>(
    ['retry', 'retry', 'breaker', 'breaker', 'bulkhead', 'bulkhead', 'timeout', 'fallback', 'gate'],
    { troubles: fc.array(trouble, { minLength: 1, maxLength: 4 }) },
  ),
  reaches: [...Object.keys(FAULTS), 'a listener of faults throws'],
  async holds(script, reached) {
    const thrown = new Set<unknown>();
    const reports: unknown[] = [];
    let delaysMissing = 0;
    const trouble = (at: Trouble['at'], subject: object): void => {
      for (const each of script.troubles) {
        if (each.at !== at) continue;
        listen(subject, each.on, () => {
          const error = new Error(`trouble: ${each.does}`);
          if (each.on === 'listener-error') reached('a listener of faults throws');
          else thrown.add(error);
          return make(each, error);
        });
      }
      listen(subject, 'listener-error', (event) => reports.push((event as { error: unknown }).error));
    };
    const faulty: Watch = {
      dress(policy) {
        trouble('policy', policy);
        listen(policy, 'exhausted', (event) => {
          if ((event as ExhaustedEvent).reason === 'backoff') delaysMissing++;
        });
        return [policy];
      },
      made: (subject) => trouble('pipeline', subject),
      run: (subject, operation, options) =>
        subject.run(operation, { ...options, judge: options.judge && recorded(options.judge, thrown) }),
    };
    const disturbed = await accountOf(script, faulty, 'racing');
    const undisturbed = await accountOf(
      again(tamed(script)),
      { dress: (policy, spec) => [tamedRetry(policy, spec)] },
      'racing',
    );
    assert.deepEqual(anyReason(disturbed, script), anyReason(undisturbed, script));
    for (const line of disturbed.counts)
      assert.doesNotMatch(line, /(inFlight|queued|abandoned) [^0]/, 'a place is lost');
    const unreported = new Set(thrown);
    for (const error of reports) {
      assert.ok(!thrown.has(error) || unreported.delete(error), `it is reported twice: ${error}`);
      const { message } = error as Error;
      if (/no delay|delay of backoff/.test(message)) delaysMissing--;
      for (const [fault, says] of Object.entries(FAULTS)) if (says.test(message)) reached(fault);
    }
    assert.deepEqual([...unreported], [], 'what a listener or a judge throws is reported');
    assert.equal(delaysMissing, 0, 'a backoff that gives no delay is reported');
  },
});
