/** Policies as a script says, and the gates and layers of a user's own that stand among them. */
import {
  type Backoff,
  bulkhead,
  type Call,
  circuitBreaker,
  fallback,
  type Gate,
  type Judge,
  type Layer,
  type Policy,
  Rejection,
  retry,
  timeout,
} from 'holdfast';
import type { Run, Visit } from './records.ts';
import type { Delay, GateDeed, JudgeWord, PolicySpec, SpecOf } from './script.ts';
import type { Stage } from './stage.ts';

export function makePolicy(spec: PolicySpec, name: string, stage: Stage): Policy {
  const { clock } = stage;
  switch (spec.kind) {
    case 'retry':
      return retry({ name, clock, retries: spec.retries, backoff: backoffOf(spec.delay) });
    case 'breaker':
      return circuitBreaker({
        name,
        clock,
        window: { calls: 100 },
        consecutiveFailures: spec.failures,
        probes: spec.probes,
        openMs: spec.openMs,
        probeTimeoutMs: spec.leaseMs,
      });
    case 'bulkhead': {
      const { concurrency, queue, waitMs: queueTimeoutMs } = spec;
      return bulkhead({ name, clock, concurrency, queue, queueTimeoutMs });
    }
    case 'timeout':
      return timeout({ name, clock, ms: spec.ms, mode: spec.mode });
    case 'fallback':
      return fallback((error, call) => answer(spec, name, error, call, stage), { name });
    case 'gate':
      return spyGate(name, stage, spec);
    case 'twice':
      return twice;
  }
}

/** What a fallback does of which the script says so. */
export function answer(
  { does }: SpecOf<'fallback'>,
  name: string,
  error: unknown,
  { context }: Call,
  stage: Stage,
): unknown {
  if (does === 'rethrow') throw error;
  if (does === 'throw') throw new Error(`no plan b in ${name}`);
  const planB = `plan b of ${name}`;
  const { label } = context as Run;
  return does === 'answer'
    ? planB
    : new Promise((resolve) => stage.cue(1, `${label}: ${name}`, () => resolve(planB)));
}

export const backoffOf =
  (delay: Delay): Backoff =>
  () => {
    if (delay === 'throws') throw new Error('no delay');
    return delay === 'no number' ? Number.NaN : delay;
  };

const twice: Layer = {
  name: 'twice',
  around: (next) => (operation, call) => Promise.race([next(operation, call), next(operation, call)]),
};

/** A gate that writes down whom it admitted, and what it was told of them. */
export interface SpyGate extends Gate<Visit> {
  readonly name: string;
  readonly does: GateDeed;
  readonly visits: Visit[];
}

function spyGate(name: string, stage: Stage, { every, does }: { every: number; does: GateDeed }): SpyGate {
  const visits: Visit[] = [];
  let calls = 0;
  const admit = ({ context }: Call, late = false): Visit => {
    const run = context as Run;
    const before = run.invocations.length;
    const visit: Visit = { run, enteredMs: stage.now, before, late, leaves: [], releases: 0 };
    visits.push(visit);
    return visit;
  };
  const refusal = (): Rejection => new Rejection(`${name} refused`);
  return {
    name,
    does,
    visits,
    enter: (call) => {
      if (++calls % every !== 0 || does === 'admit' || does === 'throw in leave') return admit(call);
      if (does === 'throw') throw new Error(`${name} threw`);
      if (does === 'refuse') return refusal();
      const { signal } = call;
      const label = `${(call.context as Run).label}: ${name}`;
      return new Promise((resolve) =>
        stage.cue(2, label, () => resolve(does === 'wait' ? admit(call, signal.aborted) : refusal())),
      );
    },
    leave: (visit, learned, running) => {
      const { releases, leaves } = visit;
      const { invocations } = visit.run;
      const last = invocations.at(-1)?.outcome;
      leaves.push({ learned, running, after: invocations.length, last, releases });
      if (does === 'throw in leave') throw new Error(`${name} threw in leave`);
    },
    release: (visit) => {
      visit.releases++;
    },
  };
}

/** A gate that only looks on, right behind another: it sees whom that one has admitted. */
export const onlooker = (name: string, stage: Stage): SpyGate =>
  spyGate(`behind ${name}`, stage, { every: 1, does: 'admit' });

/** A judge that always says the same. */
export const judgeOf =
  (word: JudgeWord): Judge =>
  () => {
    switch (word) {
      case 'again':
        return { verdict: 'failure', retry: true };
      case 'not again':
        return { verdict: 'failure', retry: false };
      case 'hint':
        return { verdict: 'failure', retryAfterMs: 2 };
      case 'nothing':
        return undefined;
      case 'throws':
        throw new Error('no judgement');
      case 'nonsense':
        return 'maybe' as 'ignore';
      case 'promise':
        return Promise.reject(new Error('judged too late')) as never;
      default:
        return word;
    }
  };
