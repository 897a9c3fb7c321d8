/** Whatever has become of the circuit meanwhile, a result counts only in the generation in which it was admitted. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CircuitBreaker } from 'holdfast';
import { property } from './property.ts';
import type { Admitted } from './support/breaker-driven.ts';
import { type BreakerScript, breakerCourse, breakerRace, driveBreaker } from './support/breaker-scripts.ts';
import { BreakerModel, type BreakerStep } from './support/breaker-steps.ts';
import { showScript } from './support/show.ts';
import { Operation } from './support/work.ts';

/** What holds at every microtask. */
class Generations extends BreakerModel {
  /** Closing what is closed empties the window: of what was heard before, nothing is left. */
  private emptied = 0;

  override before(step: BreakerStep): void {
    if (step.do === 'close') this.emptied = this.driven.heard.length;
  }

  /** While closed, the window holds the results of this generation and no others. */
  override look(): void {
    const { breaker, generation, heard, rules, told } = this.driven;
    if (told !== 'closed' || !('calls' in rules.window)) return;
    const counting = heard
      .slice(this.emptied)
      .filter((each) => each.generation === generation && !each.stale);
    assert.equal(breaker.stats.calls, Math.min(counting.length, rules.window.calls));
  }

  /** Every result of an operation is either counted or stale, by the state at the moment when it came. */
  override rest(): void {
    const { admitted, heard } = this.driven;
    for (const { work, generation } of admitted) {
      if (!(work instanceof Operation) || work.how === undefined) continue;
      const [result, ...more] = heard.filter((each) => each.work === work);
      assert.deepEqual(more, []);
      // The judge is not asked about a call whose caller has aborted.
      if (work.how !== 'ignore') assert(result !== undefined, 'neither counted nor stale');
      if (result === undefined) continue;
      assert.equal(result.stale, result.generation !== generation);
      if (result.stale) this.reached('a stale result in a race');
    }
  }
}

/** One step after the other, it can be seen that nothing changes. */
class Changes extends BreakerModel {
  private stale: Admitted | undefined;
  private seen: unknown;

  override before(step: BreakerStep): void {
    const { driven } = this;
    const ending = driven.ending(step);
    this.stale = ending === undefined || driven.isCurrent(ending) ? undefined : ending;
    if (this.stale !== undefined) this.seen = this.contents();
    else if (step.do === 'ignore') this.seen = driven.breaker.snapshot();
  }

  override after({ do: how }: BreakerStep): void {
    const { stale, driven, seen } = this;
    // Nothing is counted of one that is not old, but says nothing; it gives its place back.
    if (stale === undefined && how === 'ignore') assert.deepEqual(driven.breaker.snapshot(), seen);
    if (stale === undefined) return;
    const { work } = stale;
    const kind = work instanceof Operation ? 'a call' : 'a permit';
    // Also of a call that was aborted it is told that it has ended. A permit that says nothing has no result.
    const silent = how === 'ignore' && kind === 'a permit';
    const told = driven.heard.filter((each) => each.work === work);
    assert.deepEqual(
      told.map((each) => each.stale),
      silent ? [] : [true],
    );
    assert.deepEqual(this.contents(), seen);
    this.reached(`${kind} that is stale while ${driven.told}`);
  }

  /** State, counts and places. */
  private contents(): unknown {
    const { breaker, told } = this.driven;
    return [breaker.state, breaker.stats, breaker.snapshot(), told === 'half-open' && freePlaces(breaker)];
  }
}

/** How many calls would be admitted at once. */
function freePlaces(breaker: CircuitBreaker): number {
  const permits = [];
  for (let permit = breaker.tryAcquire(); permit !== undefined; permit = breaker.tryAcquire())
    permits.push(permit);
  for (const permit of permits) permit.ignore();
  return permits.length;
}

/** So that many are out when the state changes, and end then. */
const MORE: readonly BreakerStep[] = [
  { do: 'call' },
  { do: 'acquire' },
  { do: 'success', nth: 0 },
  { do: 'failure', nth: 0 },
  { do: 'ignore', nth: 0 },
];

export default property<BreakerScript>({
  number: 3,
  name: 'A result of an older generation changes neither state nor counts nor places',
  file: 'stale',
  script: fc.oneof({ weight: 2, arbitrary: breakerCourse(60, MORE) }, { weight: 1, arbitrary: breakerRace }),
  show: showScript,
  reaches: [
    ...['a call', 'a permit'].flatMap((kind) =>
      ['closed', 'open', 'half-open', 'isolated'].map((state) => `${kind} that is stale while ${state}`),
    ),
    'a stale result in a race',
  ],
  holds: (script, reached) => {
    const Model = 'steps' in script ? Changes : Generations;
    return driveBreaker(script, (driven) => new Model(driven, reached));
  },
});
