/** Neighbouring gates share a frame, which nobody is to notice. A case plays its script twice, and so takes longer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Layer } from 'holdfast';
import { property } from './property.ts';
import { type Account, accountOf, again } from './support/account.ts';
import { byHand, type CallSpec, call, type PolicySpec, policiesOf, scripts } from './support/script.ts';

/** Does nothing, but parts the gates on either side of it. */
const wall: Layer = { around: (next) => next };

const KINDS = ['gate', 'gate', 'bulkhead', 'bulkhead', 'breaker', 'timeout', 'fallback'] as const;

const ENDED = /^call \d/;
const COUNTS = /inFlight \d+ queued \d+/;

/**
 * Whom a run wakes at its end it does not wait for: of two runs at one moment either may be the first, and what a
 * bulkhead then counts in its events says which of them was.
 */
const atOneMoment = (lines: readonly string[]): readonly string[] => {
  const several = lines.filter((line) => ENDED.test(line)).length > 1;
  return (several ? lines.map((line) => line.replace(COUNTS, 'counts')) : [...lines]).sort();
};

const byMoment = ({ events, counts }: Account): unknown => ({
  counts,
  events: [...events].map(([atMs, lines]) => [atMs, ...atOneMoment(lines)]),
});

/**
 * Gates in a frame of their own are left some microtasks later. Nobody can tell, as long as two runs never come to one
 * gate at the same moment, where those microtasks would say which is the first. So only one bulkhead lets calls wait,
 * and then wakes one at a time; where calls wait, none comes back by a retry; no limit changes; and no two pipelines share
 * gates in opposite orders.
 */
const letsCallsWait = (policies: readonly PolicySpec[], which: number): PolicySpec[] =>
  policies.map((each, i) => (each.kind === 'bulkhead' && i !== which ? { ...each, queue: 0 } : each));

const firstBulkhead = (policies: readonly PolicySpec[]): number =>
  policies.findIndex(({ kind }) => kind === 'bulkhead');

const calm: fc.Arbitrary<PolicySpec[]> = fc.oneof(
  policiesOf([...KINDS, 'retry']).map((policies) => letsCallsWait(policies, -1)),
  policiesOf(KINDS).map((policies) => letsCallsWait(policies, firstBulkhead(policies))),
);

const inOneOrder = call.map((each): CallSpec => (each.via === 'reversed' ? { ...each, via: 'whole' } : each));

const isGate = ({ kind }: PolicySpec): boolean => /gate|breaker|bulkhead/.test(kind);

/** What has to happen to gates that share a frame, and how an account of it reads. */
const SITUATIONS = {
  'a breaker refuses': /^reject {policy breaker/m,
  'a bulkhead refuses': /^reject {policy bulkhead/m,
  'a gate of the user refuses': /policy gate\S+ error Rejection/,
  'a call waits in a queue': /waits \[{policy bulkhead/,
  'a call waits for a gate of the user': /waits \[{policy gate/,
  'a gate throws': /error Error: gate-\S+ threw/,
  'given up while it waits': /^gate-.* true \[/m,
  'given up while it works': /running true/,
  'a result is stale': /^stale/m,
} as const;

export default property({
  number: 17,
  name: 'Fused and unfused pipelines are indistinguishable in outcomes, events and counts',
  file: 'fused-or-not',
  script: scripts(KINDS, {
    policies: calm,
    calls: fc.array(inOneOrder, { minLength: 1, maxLength: 6 }),
    moves: fc.array(byHand, { maxLength: 2 }),
  }),
  reaches: Object.keys(SITUATIONS),
  async holds(script, reached) {
    const together = await accountOf(script, {}, 'in turn');
    const apart = await accountOf(again(script), { dress: (policy) => [wall, policy] }, 'in turn');
    assert.deepEqual(byMoment(apart), byMoment(together));
    const { policies } = script;
    if (!policies.some((policy, i) => i > 0 && isGate(policy) && isGate(policies[i - 1]!))) return;
    const account = [...together.events.values(), together.counts].flat().join('\n');
    for (const [situation, reads] of Object.entries(SITUATIONS)) if (reads.test(account)) reached(situation);
  },
});
