/** Random pipelines and what happens to random calls through them, on a virtual clock. */

import fc from 'fast-check';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  type Pipeline,
  type Policy,
  pipeline,
  Rejection,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';

/** How one invocation of the operation goes. */
const invocation = fc.record({
  ms: fc.constantFrom(0, 0, 3, 10, 25, 60),
  how: fc.constantFrom('value', 'value', 'error', 'error', 'bug', 'throw', 'foreign rejection'),
  heeds: fc.boolean(),
});
type Invocation = typeof invocation extends fc.Arbitrary<infer T> ? T : never;

const callScript = fc.record({
  atMs: fc.nat(80),
  invocations: fc.array(invocation, { minLength: 1, maxLength: 4 }),
  abortMs: fc.option(fc.constantFrom(0, 5, 17, 40), { nil: undefined, freq: 4 }),
  timeoutMs: fc.option(fc.constantFrom(7, 30, 70), { nil: undefined, freq: 4 }),
});
type CallScript = typeof callScript extends fc.Arbitrary<infer T> ? T : never;

const policySpec = fc.oneof(
  fc.record({ kind: fc.constant('retry' as const), retries: fc.nat(3), ms: fc.constantFrom(1, 4, 13) }),
  fc.record({
    kind: fc.constant('breaker' as const),
    failures: fc.integer({ min: 1, max: 3 }),
    probes: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ kind: fc.constant('bulkhead' as const), concurrency: fc.nat(2), queue: fc.nat(2) }),
  fc.record({
    kind: fc.constant('timeout' as const),
    ms: fc.constantFrom(2, 11, 33),
    mode: fc.constantFrom('race' as const, 'cooperate' as const),
  }),
  fc.record({ kind: fc.constant('fallback' as const), throws: fc.boolean() }),
  fc.record({
    kind: fc.constant('gate' as const),
    every: fc.integer({ min: 1, max: 4 }),
    does: fc.constantFrom(
      'admit' as const,
      'refuse' as const,
      'wait' as const,
      'wait and refuse' as const,
      'throw' as const,
      'throw in leave' as const,
    ),
  }),
);
type PolicySpec = typeof policySpec extends fc.Arbitrary<infer T> ? T : never;

export const scenario = fc.record({
  policies: fc.array(policySpec, { minLength: 2, maxLength: 7 }),
  calls: fc.array(callScript, { minLength: 1, maxLength: 6 }),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Does nothing, but parts the gates on either side of it. */
const wall: Layer = { around: (next) => next };

const show = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** Plays the scenario and tells everything that could be seen of it. */
export async function play({ policies: specs, calls }: Scenario, apart: boolean): Promise<string[]> {
  const clock = new VirtualClock();
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${clock.now()} ${what}`);
  const counters: (() => string)[] = [];
  const made = specs.map((spec, i) => makePolicy(spec, `${spec.kind}-${i}`, clock, note, counters));
  const parts = apart ? made.flatMap((policy) => [wall, policy]) : made;
  const subject = pipeline({ name: 'p', clock, random: clock.random }, ...(parts as Policy[]));
  for (const type of [
    'retry',
    'exhausted',
    'state',
    'reject',
    'stale',
    'queue',
    'abandon',
    'timeout',
    'fallback',
    'listener-error',
    'call',
  ]) {
    (subject as unknown as { on(type: string, listener: (event: object) => void): void }).on(type, (event) =>
      note(`${type} ${describe(event)}`),
    );
  }
  for (const [i, call] of calls.entries()) {
    // Each call moves at times of its own: which of two that move at once comes first is left open.
    const atMs = call.atMs + i / 100;
    clock.setTimer(atMs, () => startCall(subject, `call ${i}`, call, clock, note));
  }
  await clock.advance(10_000);
  for (const counter of counters) log.push(counter());
  log.push(`timers ${clock.pendingTimers}`);
  return log;
}

/** The log with what happened at one moment in order of the alphabet: a call that another one wakes is not waited for. */
export const byMoment = (log: readonly string[]): string[] =>
  log
    .map((line, i) => ({ line, at: /^[\d.]+ /.test(line) ? Number.parseFloat(line) : 1e9 + i }))
    .sort((a, b) => a.at - b.at || (a.line < b.line ? -1 : 1))
    .map(({ line }) => line);

function describe(event: object): string {
  return JSON.stringify(event, (key, value) => {
    if (value instanceof Error || key === 'error' || key === 'cause') return show(value);
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  });
}

function startCall(
  subject: Pipeline<unknown>,
  name: string,
  script: CallScript,
  clock: VirtualClock,
  note: (what: string) => void,
): void {
  const controller = new AbortController();
  if (script.abortMs !== undefined) clock.setTimer(script.abortMs, () => controller.abort(`${name} aborted`));
  let invocations = 0;
  const options = { signal: controller.signal, timeoutMs: script.timeoutMs, context: name };
  const operation = (call: { attempt: number; remainingMs: number; signal: AbortSignal }) => {
    const step = script.invocations[invocations++ % script.invocations.length]!;
    note(`${name} invoked, attempt ${call.attempt}, ${call.remainingMs} left`);
    return invoke({ ...step, ms: step.ms && step.ms + invocations / 10_000 }, name, call.signal, clock);
  };
  subject.run(operation, options).then(
    (value) => note(`${name} gave ${String(value)}`),
    (error) => note(`${name} threw ${show(error)}`),
  );
}

function invoke(
  { ms, how, heeds }: Omit<Invocation, 'ms'> & { ms: number },
  name: string,
  signal: AbortSignal,
  clock: VirtualClock,
): unknown {
  const error =
    how === 'bug'
      ? new TypeError('bug')
      : how === 'foreign rejection'
        ? new Rejection('elsewhere')
        : new Error(`${name} failed`);
  if (how === 'throw') throw error;
  if (ms === 0) return how === 'value' ? name : Promise.reject(error);
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => (how === 'value' ? resolve(name) : reject(error)));
    if (!heeds) return;
    signal.addEventListener('abort', () => {
      timer.cancel();
      reject(signal.reason);
    });
  });
}

function makePolicy(
  spec: PolicySpec,
  name: string,
  clock: VirtualClock,
  note: (what: string) => void,
  counters: (() => string)[],
): Policy {
  switch (spec.kind) {
    case 'retry':
      return retry({ name, retries: spec.retries, backoff: constant(spec.ms) });
    case 'breaker': {
      const breaker = circuitBreaker({
        name,
        consecutiveFailures: spec.failures,
        probes: spec.probes,
        openMs: 20,
      });
      counters.push(() => `${name} ${breaker.state} ${describe(breaker.stats)} ${breaker.retryAfterMs}`);
      return breaker;
    }
    case 'bulkhead': {
      const places = bulkhead({ name, concurrency: spec.concurrency, queue: spec.queue, queueTimeoutMs: 15 });
      counters.push(() => `${name} ${places.inFlight} ${places.queued} ${places.abandoned}`);
      return places;
    }
    case 'timeout':
      return timeout({ name, ms: spec.ms, mode: spec.mode });
    case 'fallback':
      return fallback(
        (error) => {
          if (spec.throws) throw new Error(`no plan b for ${show(error)}`);
          return `plan b for ${show(error)}`;
        },
        { name },
      );
    case 'gate':
      return makeGate(spec, name, clock, note, counters);
  }
}

function makeGate(
  { every, does }: Extract<PolicySpec, { kind: 'gate' }>,
  name: string,
  clock: VirtualClock,
  note: (what: string) => void,
  counters: (() => string)[],
): Policy {
  let [entered, inside, held] = [0, 0, 0];
  counters.push(() => `${name} ${entered} entered, ${inside} not left, ${held} not released`);
  const admit = (): number => {
    inside++;
    held++;
    return entered;
  };
  return {
    name,
    enter: () => {
      entered++;
      if (entered % every !== 0 || does === 'admit' || does === 'throw in leave') return admit();
      if (does === 'throw') throw new Error(`${name} threw`);
      if (does === 'refuse') return new Rejection(`${name} refused`);
      return new Promise<number | Rejection>((resolve) => {
        clock.setTimer(6, () => resolve(does === 'wait' ? admit() : new Rejection(`${name} refused`)));
      });
    },
    leave: (_ticket: unknown, outcome: unknown, running: boolean) => {
      inside--;
      note(`${name} leave ${typeof outcome === 'string' ? outcome : describe(outcome as object)} ${running}`);
      if (does === 'throw in leave') throw new Error(`${name} threw in leave`);
    },
    release: () => {
      held--;
      note(`${name} release`);
    },
  };
}
