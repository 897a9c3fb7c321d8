/** Half-open lets in as many calls as it needs to decide, at no moment more; and no fewer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { property } from './property.ts';
import { type BreakerScript, breakerCourse, breakerRace, driveBreaker } from './support/breaker-scripts.ts';
import { BreakerModel, type BreakerStep } from './support/breaker-steps.ts';
import { showScript } from './support/show.ts';

/** What holds at every microtask. */
class Places extends BreakerModel {
  override look(): void {
    const { probesOut, rules } = this.driven;
    assert(probesOut <= rules.probes, `${probesOut} probes are out`);
    if (probesOut === rules.probes) this.reached('every place taken');
  }
}

/** One step after the other, it is known how many have had their say, and so who is to be admitted. */
class CountedPlaces extends Places {
  private free = false;

  override before(step: BreakerStep): void {
    const { driven, reached } = this;
    const { told, probes, probesOut, said, rules } = driven;
    this.free = told !== 'half-open' || said + probesOut < rules.probes;
    const ending = driven.ending(step);
    if (ending === undefined || !probes.includes(ending)) return;
    if (step.do === 'ignore') reached('a place given back');
    else if (driven.hasLapsed(ending)) reached('the say of a lapsed probe');
  }

  override after({ do: what }: BreakerStep, admitted: boolean): void {
    if (what !== 'call' && what !== 'acquire') return;
    const { breaker, probes, told, probesOut } = this.driven;
    const expected = breaker.state === 'closed' || (told === 'half-open' && this.free);
    assert.equal(admitted, expected, `admitted with ${probesOut} probes out`);
    if (told === 'half-open' && !admitted) this.reached('no place left');
    if (admitted && probes.length > probesOut) this.reached('the place of a lapsed probe given to another');
  }
}

/** So that leases lapse, and others want the places. */
const MORE: readonly BreakerStep[] = [
  { do: 'call' },
  { do: 'acquire' },
  { do: 'advance', ms: 10 },
  { do: 'advance', ms: 60 },
];

export default property<BreakerScript>({
  number: 2,
  name: 'Half-open: at most `probes` unlapsed in flight at every microtask',
  file: 'probes',
  script: fc.oneof({ weight: 3, arbitrary: breakerCourse(60, MORE) }, { weight: 1, arbitrary: breakerRace }),
  show: showScript,
  reaches: [
    'every place taken',
    'no place left',
    'a place given back',
    'the place of a lapsed probe given to another',
    'the say of a lapsed probe',
  ],
  holds: (script, reached) => {
    const Model = 'steps' in script ? CountedPlaces : Places;
    return driveBreaker(script, (driven) => new Model(driven, reached));
  },
});
