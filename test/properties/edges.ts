/** Whatever is done to a breaker, it goes along legal edges only, and tells of each of them once, in order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { property, type Reached } from './property.ts';
import type { Driven } from './support/breaker-driven.ts';
import { type BreakerScript, breakerCourse, breakerRace, driveBreaker } from './support/breaker-scripts.ts';
import { BreakerModel, type BreakerStep } from './support/breaker-steps.ts';
import { showScript } from './support/show.ts';

/** That a wait was over is noticed by the next who comes, which is then told first. */
const NOTICED = 'open->half-open';
const BY_RESULT = ['closed->open', 'half-open->closed', 'half-open->open'];
const NONE: readonly string[] = [];

/** Which edges each step may lead along. */
const LEGAL: Record<BreakerStep['do'], readonly string[]> = {
  acquire: [NOTICED],
  call: [NOTICED],
  success: BY_RESULT,
  failure: BY_RESULT,
  ignore: NONE,
  advance: NONE,
  reach: NONE,
  react: NONE,
  restart: NONE,
  open: [NOTICED, 'closed->open', 'half-open->open'],
  close: [NOTICED, 'open->closed', 'half-open->closed'],
  isolate: [NOTICED, 'closed->isolated', 'open->isolated', 'half-open->isolated'],
  release: ['isolated->closed', 'isolated->open'],
};
const EDGES = [...new Set(Object.values(LEGAL).flat())];

/** Once it was noticed that a wait was over, one more edge at most. */
const mostChanges = (cause: BreakerStep['do']): number => {
  const others = LEGAL[cause].filter((edge) => edge !== NOTICED).length;
  return Number(LEGAL[cause].includes(NOTICED)) + Math.min(1, others);
};

/** What holds at every microtask: what was told is so, but for a wait that nobody has noticed to be over. */
class Chain extends BreakerModel {
  constructor(driven: Driven, reached: Reached) {
    super(driven, reached);
    driven.breaker.on('state', ({ from, to, atMs }) => {
      assert.equal(from, driven.changes.at(-2)?.to ?? 'closed', 'it goes on from where it was');
      assert(EDGES.includes(`${from}->${to}`), `${from}->${to}`);
      assert(atMs <= driven.clock.now() && atMs >= (driven.changes.at(-2)?.atMs ?? 0), `since ${atMs}`);
      reached(`${from}->${to}`);
    });
  }

  override look(): void {
    const { breaker, told } = this.driven;
    if (told !== 'open' || breaker.state !== 'half-open') assert.equal(breaker.state, told);
  }
}

/** One step after the other, it is known which edges there can be. */
class Steps extends Chain {
  private known = 0;
  /** What listeners are going to do at the next change. */
  private reactions: ('open' | 'close')[] = [];

  override before(): void {
    this.known = this.driven.changes.length;
  }

  override after(step: BreakerStep): void {
    const news = this.driven.changes.slice(this.known);
    const causes = [step.do, ...(news.length > 0 ? this.reactions : [])];
    const allowed = causes.flatMap((cause) => LEGAL[cause]);
    for (const { from, to } of news) assert(allowed.includes(`${from}->${to}`), `${from}->${to}`);
    const most = causes.reduce((sum, cause) => sum + mostChanges(cause), 0);
    assert(news.length <= most, `${news.length} changes`);
    if (news.length > 0 && this.reactions.length > 0) {
      this.reached('a listener that changes the state again');
      this.reactions = [];
    }
    if (step.do === 'react') this.reactions.push(step.with);
  }
}

const MORE: readonly BreakerStep[] = [
  { do: 'react', with: 'close' },
  { do: 'react', with: 'open' },
];

export default property<BreakerScript>({
  number: 5,
  name: 'Only legal edges, exactly one event for each, in order',
  file: 'edges',
  script: fc.oneof({ weight: 3, arbitrary: breakerCourse(60, MORE) }, { weight: 1, arbitrary: breakerRace }),
  show: showScript,
  reaches: [...EDGES, 'a listener that changes the state again'],
  holds: (script, reached) => {
    const Model = 'steps' in script ? Steps : Chain;
    return driveBreaker(script, (driven) => new Model(driven, reached));
  },
});
