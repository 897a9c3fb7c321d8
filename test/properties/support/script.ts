/**
 * Scripts: pipelines, calls through them and what befalls them, as plain data, so that one that shows a fault can be
 * pasted into a test. Times are small whole milliseconds, since what falls due together is where faults hide.
 */
import fc from 'fast-check';

export type PolicySpec =
  | { readonly kind: 'retry'; readonly retries: number; readonly delay: Delay }
  | {
      readonly kind: 'breaker';
      /** Failures in a row that trip it. */
      readonly failures: number;
      readonly probes: number;
      readonly openMs: number;
      readonly leaseMs: number;
    }
  | {
      readonly kind: 'bulkhead';
      readonly concurrency: number;
      readonly queue: number;
      readonly waitMs: number;
    }
  | { readonly kind: 'timeout'; readonly ms: number; readonly mode: 'race' | 'cooperate' }
  | { readonly kind: 'fallback'; readonly does: 'answer' | 'answer later' | 'throw' | 'rethrow' }
  /** A gate of the user's own, which does so at every n-th call and admits the others. */
  | { readonly kind: 'gate'; readonly every: number; readonly does: GateDeed }
  /** A layer of the user's own, which makes each call twice at once and takes what comes first. */
  | { readonly kind: 'twice' };

export type SpecOf<Kind extends PolicySpec['kind']> = Extract<PolicySpec, { kind: Kind }>;

/** What a backoff gives. */
export type Delay = number | 'throws' | 'no number';

export type GateDeed = 'admit' | 'refuse' | 'wait' | 'wait and refuse' | 'throw' | 'throw in leave';

/** How one invocation of the operation goes. */
export interface Step {
  /** How long the work takes; it may never end. */
  readonly ms: number | 'never';
  readonly how: 'value' | 'error' | 'bug' | 'foreign rejection';
  /** What the operation returns; `nothing` where it ends before it returns. */
  readonly as: 'nothing' | 'promise' | 'thenable' | 'thenable that calls back twice' | 'thenable that throws';
  /** Whether the work ends as soon as its signal aborts. */
  readonly heeds: boolean;
}

export type JudgeWord =
  | 'success'
  | 'failure'
  | 'ignore'
  | 'again'
  | 'not again'
  | 'hint'
  | 'nothing'
  | 'throws'
  | 'nonsense'
  | 'promise';

export interface CallSpec {
  readonly atMs: number;
  /** Through all policies, through the nested pipeline alone, or through all in reverse order. */
  readonly via: 'whole' | 'nested' | 'reversed';
  /** How its invocations go, over and over. */
  readonly steps: readonly Step[];
  readonly signal: 'none' | 'own' | 'shared';
  /** How long after its start its signal aborts; before its start if that is negative. */
  readonly abortMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly judge: JudgeWord | undefined;
}

/** What is done meanwhile: to all breakers, or new limits for all bulkheads. */
export interface Move {
  readonly atMs: number;
  readonly to:
    | 'open'
    | 'close'
    | 'isolate'
    | 'release'
    | { readonly concurrency: number; readonly queue: number };
}

export interface Script {
  /** Outermost first. */
  readonly policies: readonly PolicySpec[];
  /** How many of the innermost are a pipeline of their own inside the other. */
  readonly nested: number;
  /** The pipelines' judge. */
  readonly judge: JudgeWord | undefined;
  readonly calls: readonly CallSpec[];
  readonly moves: readonly Move[];
  /** By how many microtasks each settlement comes later than its turn, over and over. */
  readonly hops: readonly number[];
  /** Chooses which settlement comes next. */
  readonly order: fc.Scheduler;
}

/** Plain objects, which can be read where they are printed. */
const record = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;

/** One time in so many; else undefined, which it also shrinks to. */
const onceIn = <T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(undefined), weight: times - 1 },
    { arbitrary, weight: 1 },
  );

/** One arbitrary for each kind of policy. */
const specs: { readonly [Kind in PolicySpec['kind']]: fc.Arbitrary<SpecOf<Kind>> } = {
  retry: record({
    kind: fc.constant('retry'),
    retries: fc.constantFrom(1, 2, 3, 0),
    delay: fc.constantFrom<Delay[]>(1, 0, 1, 3, 0, 2, 'throws', 'no number'),
  }),
  breaker: record({
    kind: fc.constant('breaker'),
    failures: fc.constantFrom(1, 1, 1, 2, 3),
    probes: fc.integer({ min: 1, max: 2 }),
    openMs: fc.constantFrom(2, 1, 4, 8),
    leaseMs: fc.constantFrom(1, 2, 4),
  }),
  bulkhead: record({
    kind: fc.constant('bulkhead'),
    concurrency: fc.constantFrom(1, 1, 1, 2, 2, 0),
    queue: fc.constantFrom(2, 3, 1, 0),
    waitMs: fc.constantFrom(2, 1, 4),
  }),
  timeout: record({
    kind: fc.constant('timeout'),
    ms: fc.constantFrom(2, 4, 8, 1),
    mode: fc.constantFrom('race', 'race', 'cooperate'),
  }),
  fallback: record({
    kind: fc.constant('fallback'),
    does: fc.constantFrom('answer', 'answer later', 'throw', 'rethrow'),
  }),
  gate: record({
    kind: fc.constant('gate'),
    every: fc.constantFrom(2, 3, 4, 1),
    does: fc.constantFrom<GateDeed[]>(
      'admit',
      'admit',
      'refuse',
      'wait',
      'wait and refuse',
      'throw',
      'throw in leave',
    ),
  }),
  twice: record({ kind: fc.constant('twice') }),
};

const step: fc.Arbitrary<Step> = record({
  ms: fc.constantFrom<Step['ms'][]>(0, 1, 1, 2, 4, 6, 6, 'never'),
  how: fc.constantFrom('value', 'error', 'error', 'error', 'error', 'value', 'bug', 'foreign rejection'),
  as: fc.constantFrom(
    'promise',
    'promise',
    'promise',
    'nothing',
    'thenable',
    'thenable that calls back twice',
    'thenable that throws',
  ),
  heeds: fc.boolean(),
});

const judgeWord = fc.constantFrom<JudgeWord[]>(
  'success',
  'failure',
  'ignore',
  'again',
  'not again',
  'hint',
  'nothing',
  'throws',
  'nonsense',
  'promise',
);

export const call: fc.Arbitrary<CallSpec> = record({
  atMs: fc.nat(6),
  via: fc.constantFrom('whole', 'whole', 'nested', 'reversed'),
  steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  signal: fc.constantFrom('own', 'none', 'shared'),
  abortMs: onceIn(3, fc.constantFrom(1, 0, 2, 4, -1)),
  timeoutMs: onceIn(4, fc.constantFrom(4, 8, 2, 1)),
  judge: onceIn(4, judgeWord),
});

const limits = record({ concurrency: fc.constantFrom(2, 1, 3, 0), queue: fc.nat(3) });

export const resizing: fc.Arbitrary<Move> = record({ atMs: fc.nat(9), to: limits });

export const byHand: fc.Arbitrary<Move> = record({
  atMs: fc.nat(9),
  to: fc.constantFrom('open', 'close', 'isolate', 'release'),
});

/** Two to seven policies of these kinds, outermost first. */
export function policiesOf(kinds: readonly PolicySpec['kind'][]): fc.Arbitrary<PolicySpec[]> {
  const policy = fc.oneof(...kinds.map((kind): fc.Arbitrary<PolicySpec> => specs[kind]));
  return fc.array(policy, { minLength: 2, maxLength: 7 });
}

/** Scripts with the given kinds of policy, and with what is given beside or instead of what they would have else. */
export function scripts<Given extends Script = Script>(
  kinds: readonly PolicySpec['kind'][],
  given: { readonly [Key in keyof Given]?: fc.Arbitrary<Given[Key]> } = {},
): fc.Arbitrary<Given> {
  return record({
    policies: policiesOf(kinds),
    nested: fc.nat(3),
    judge: onceIn(4, judgeWord),
    calls: fc.array(call, { minLength: 1, maxLength: 6 }),
    moves: fc.array(fc.oneof(byHand, resizing), { maxLength: 2 }),
    hops: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
    order: fc.scheduler(),
    ...given,
  } as { [Key in keyof Given]: fc.Arbitrary<Given[Key]> });
}
