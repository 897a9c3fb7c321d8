/** A process that starts anew from a snapshot, again and again, goes on as if it had never stopped. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BreakerSnapshot } from 'holdfast';
import { property, type Reached } from './property.ts';
import { Driven } from './support/breaker-driven.ts';
import { type BreakerCourse, courseParts, driveCourse } from './support/breaker-scripts.ts';
import { BreakerModel, type BreakerStep } from './support/breaker-steps.ts';
import { rest } from './support/microtasks.ts';
import { showScript } from './support/show.ts';

interface Script extends BreakerCourse {
  readonly observeOnly: boolean;
  /** Whether it is looked at after each step. Looking lets a breaker notice the time, so it must not always be done. */
  readonly watched: boolean;
  /** What the clock of each new process reads at first. */
  readonly startMs: number;
}

/** All that can be seen of a breaker. */
const seen = ({ breaker: { state, stats, retryAfterMs }, breaker }: Driven) => ({
  state,
  stats,
  retryAfterMs,
  snapshot: breaker.snapshot(),
});

/** All that a breaker says from now on, in times since then. */
function transcript({ breaker, clock }: Driven): unknown[] {
  const said: unknown[] = [];
  const startMs = clock.now();
  // Tenths of a window are no whole milliseconds, and the two clocks far apart.
  const since = (ms = Number.NaN): number => Math.round((ms - startMs) * 1_000) / 1_000;
  breaker.on('state', ({ atMs, unwellSinceMs, cause, ...rest }) =>
    said.push([rest, atMs - startMs, since(unwellSinceMs), cause !== undefined]),
  );
  breaker.on('reject', (event) => said.push(event));
  breaker.on('stale', ({ outcome, ...rest }) => said.push([rest, outcome.ok]));
  return said;
}

/** Beside the original a twin, which is restored at each restart from a snapshot of the twin before it. */
class Twins extends BreakerModel {
  private readonly script: Script;
  private twin: Driven | undefined = undefined;
  private transcripts: readonly unknown[][] = [];

  constructor(script: Script, reached: Reached) {
    super(new Driven(script.rules, { observeOnly: script.observeOnly }), reached);
    this.script = script;
  }

  override async after(step: BreakerStep, admitted: boolean): Promise<void> {
    const { driven, twin, script } = this;
    if (twin !== undefined) {
      assert.equal(await twin.apply(step), admitted);
      twin.heed();
      if (script.watched) assert.deepEqual(seen(twin), seen(driven));
    }
    if (step.do === 'restart') await this.restart();
  }

  private async restart(): Promise<void> {
    const { driven, reached, script } = this;
    const before = this.twin ?? driven;
    const restore = JSON.parse(JSON.stringify(before.breaker.snapshot())) as BreakerSnapshot;
    reached(`${this.twin ? 'restored again' : 'restored'} while ${driven.told}`);
    this.compare();
    // Calls in flight are no part of a snapshot.
    for (const { work } of driven.out) work.end('ignore');
    await rest();
    const { observeOnly, startMs } = script;
    this.twin = new Driven(script.rules, { observeOnly, startMs, restore });
    this.transcripts = [driven, this.twin].map(transcript);
  }

  /** At the end of everything that was done to both. */
  compare(): void {
    const [one, other] = this.transcripts;
    assert.deepEqual(other, one);
    if (this.twin !== undefined) assert.deepEqual(seen(this.twin), seen(this.driven));
  }
}

export default property<Script>({
  number: 21,
  name: 'A restored snapshot and its original cannot be told apart by any sequence of calls',
  file: 'restored',
  script: fc.record(
    {
      ...courseParts(40, [{ do: 'restart' }]),
      observeOnly: fc.boolean(),
      watched: fc.boolean(),
      startMs: fc.constantFrom(0, 1, 1_000, 86_400_007),
    },
    { noNullPrototype: true },
  ),
  show: showScript,
  reaches: ['restored', 'restored again'].flatMap((how) =>
    ['closed', 'open', 'half-open', 'isolated'].map((state) => `${how} while ${state}`),
  ),
  async holds(script, reached) {
    const twins = new Twins(script, reached);
    await driveCourse(script, twins);
    twins.compare();
  },
});
