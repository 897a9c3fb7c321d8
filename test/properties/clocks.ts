/** Time that jumps by hours, as where a machine has been asleep, and a clock on the wall that anybody may set. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { property, type Reached } from './property.ts';
import { FakeRuntime } from './support/fake-runtime.ts';
import { type Plan, Service } from './support/service.ts';

type Step =
  | { readonly do: 'call'; readonly tookMs: number; readonly fails: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'jump'; readonly hours: number }
  /** The clock on the wall is set. */
  | { readonly do: 'wall'; readonly byMs: number };

interface Script {
  readonly plan: Plan;
  readonly steps: readonly Step[];
}

const HOUR_MS = 3_600_000;

/** Does the steps, and gives all that was seen and heard. */
function transcript({ plan, steps }: Script, reached: Reached): Promise<readonly unknown[]> {
  const runtime = new FakeRuntime();
  return runtime.run(async () => {
    const service = new Service(plan, runtime);
    for (const step of steps) {
      if (step.do === 'jump') for (const what of service.pending) reached(`time jumps over ${what}`);
      if (step.do === 'wall' && step.byMs < 0)
        for (const what of service.pending) reached(`the wall clock goes back beside ${what}`);
      if (step.do === 'call') service.call(step.tookMs, step.fails);
      if (step.do === 'wall') runtime.wallMs += step.byMs;
      else if (step.do === 'jump') await runtime.jump(step.hours * HOUR_MS);
      else await runtime.pass(step.do === 'pass' ? step.ms : 0);
      if (step.do !== 'wall') service.look();
    }
    await service.expectWell();
    return service.said;
  });
}

const plan: fc.Arbitrary<Plan> = fc.record(
  {
    totalMs: fc.constantFrom(200, 1_000, Infinity),
    attemptMs: fc.constantFrom(50, Infinity),
    backoffMs: fc.constantFrom(20, 300, 0),
    concurrency: fc.constantFrom(1, 2),
    queueTimeoutMs: fc.constantFrom(30, 400, Infinity),
    reclaimMs: fc.constantFrom(100, Infinity),
    windowMs: fc.constantFrom(100, 10_000),
    openMs: fc.constantFrom(100, 2_000),
  },
  { noNullPrototype: true },
);

const call = fc.record(
  { do: fc.constant('call' as const), tookMs: fc.constantFrom(0, 10, 60, Infinity), fails: fc.boolean() },
  { noNullPrototype: true },
);
const pass = fc.constantFrom(1, 10, 50, 100, 400).map((ms) => ({ do: 'pass', ms }) as const);
const jump = fc.constantFrom(1, 5, 700).map((hours) => ({ do: 'jump', hours }) as const);
const wall = fc.constantFrom(-24 * HOUR_MS, -60_000, HOUR_MS).map((byMs) => ({ do: 'wall', byMs }) as const);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: call },
    { weight: 4, arbitrary: pass },
    { weight: 2, arbitrary: jump },
    { weight: 2, arbitrary: wall },
  ),
  { maxLength: 16, size: 'max' },
);

const OVER = [
  'a call in flight',
  'an abandoned place',
  'a call in the queue',
  'a retry that sleeps',
  'an open circuit',
];

export default property<Script>({
  number: 18,
  name: 'Clock jumps forward by hours, and a wall clock going backwards, break nothing',
  file: 'clocks',
  script: fc.record({ plan, steps }, { noNullPrototype: true }),
  reaches: OVER.flatMap((what) => [`time jumps over ${what}`, `the wall clock goes back beside ${what}`]),
  async holds(script, reached) {
    const said = await transcript(script, reached);
    const others = script.steps.filter((each) => each.do !== 'wall');
    if (others.length === script.steps.length) return;
    // What the clock on the wall says makes no difference.
    assert.deepEqual(said, await transcript({ ...script, steps: others }, () => {}));
  },
});
