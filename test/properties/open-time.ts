/** An opening lasts as long as its rules say, to the tick, whatever comes meanwhile. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BreakerStateEvent } from 'holdfast';
import { property, type Reached } from './property.ts';
import type { Driven } from './support/breaker-driven.ts';
import { ownWaitMs } from './support/breaker-rules.ts';
import { type BreakerScript, breakerCourse, breakerRace, driveBreaker } from './support/breaker-scripts.ts';
import { BreakerModel, type BreakerStep } from './support/breaker-steps.ts';
import { showScript } from './support/show.ts';
import { Failed } from './support/work.ts';

class OpenTime extends BreakerModel {
  /** When the opening at hand is over; also of one over which an isolation is laid. */
  private overAt: number | undefined = undefined;
  /** How long each of the openings in a row was to last. */
  private row: number[] = [];
  private closedAt = 0;
  private expected: boolean | undefined = undefined;

  constructor(driven: Driven, reached: Reached) {
    super(driven, reached);
    driven.breaker.on('state', (event) => this.follow(event));
  }

  private get now(): number {
    return this.driven.clock.now();
  }

  private follow({ from, to, atMs, cause }: BreakerStateEvent): void {
    assert.equal(atMs, to === 'half-open' ? this.overAt : this.now, `${to} since`);
    if (from === 'closed') this.row = this.rowWhileClosed();
    if (to === 'open' && from === 'isolated') this.overAt = Math.max(this.now, this.overAt ?? NaN);
    else if (to === 'open') this.open(cause instanceof Failed ? cause.hintMs : undefined);
    else this.overAt = undefined;
    if (to === 'closed') this.closedAt = this.now;
  }

  private open(hintMs = 0): void {
    const { reached } = this;
    const { rules } = this.driven;
    const ownMs = ownWaitMs(rules, this.row);
    const waitMs = Math.min(rules.maxOpenMs, Math.max(ownMs, hintMs));
    if (hintMs > ownMs) reached('a hint that makes an opening longer');
    if (hintMs > 0 && hintMs < ownMs) reached('a hint that would make an opening shorter');
    if (waitMs < Math.max(ownMs, hintMs)) reached('an opening as long as they may be');
    if (typeof rules.openMs === 'string' && this.row.length > 1) reached('a third opening in a row');
    this.row = [...this.row, waitMs];
    this.overAt = this.now + waitMs;
  }

  /** Forgotten once it has stayed closed for as long as its last opening lasted. */
  private rowWhileClosed(): number[] {
    const lastMs = this.row.at(-1);
    if (lastMs === undefined || this.now - this.closedAt < lastMs) return this.row;
    this.reached('openings that are forgotten');
    return [];
  }

  override before(step: BreakerStep): void {
    const { driven, now, reached } = this;
    const { told } = driven;
    const isOver = told === 'open' && now >= (this.overAt ?? NaN);
    // Of those who come while half-open, how many are admitted is another matter.
    this.expected = told === 'half-open' ? undefined : told === 'closed' || isOver;
    const ending = driven.ending(step);
    if (told === 'open' && step.do === 'failure' && ending !== undefined && !driven.isCurrent(ending))
      reached('a late failure');
    // What is said by hand to a circuit that is open or isolated is no change of state, and so not told.
    if (step.do === 'open' && (told === 'isolated' || (told === 'open' && !isOver))) this.open();
    if (step.do === 'close' && told === 'isolated') this.overAt = undefined;
    if (step.do !== 'call' && step.do !== 'acquire') return;
    if (told === 'open' && !isOver) reached('refused before its time');
    if (told === 'open' && this.overAt === now + 1) reached('refused a tick before its time');
    if (told === 'open' && this.overAt === now) reached('admitted at its time');
  }

  override after(step: BreakerStep, admitted: boolean): void {
    const comes = step.do === 'call' || step.do === 'acquire';
    if (comes && this.expected !== undefined) assert.equal(admitted, this.expected);
  }

  override look(): void {
    const { breaker, told } = this.driven;
    const leftMs = told === 'open' ? (this.overAt ?? NaN) - this.now : 0;
    assert.equal(breaker.retryAfterMs, leftMs > 0 ? leftMs : undefined);
    assert.equal(breaker.state, told === 'open' && leftMs <= 0 ? 'half-open' : told);
    assert.equal(breaker.stats.openings, (told === 'closed' ? this.rowWhileClosed() : this.row).length);
  }
}

/** So that much of what trips it carries a hint, and many come just before the time. */
const MORE: readonly BreakerStep[] = [
  ...[20, 250, 5_000].map((hintMs) => ({ do: 'failure', nth: 0, hintMs }) as const),
  { do: 'reach', earlyMs: 1 },
];

export default property<BreakerScript>({
  number: 6,
  name: 'Open before its time: no admission. At its time: the next call is admitted. A late failure never moves the time',
  file: 'open-time',
  script: fc.oneof({ weight: 4, arbitrary: breakerCourse(60, MORE) }, { weight: 1, arbitrary: breakerRace }),
  show: showScript,
  reaches: [
    'refused before its time',
    'refused a tick before its time',
    'admitted at its time',
    'a late failure',
    'a hint that makes an opening longer',
    'a hint that would make an opening shorter',
    'an opening as long as they may be',
    'a third opening in a row',
    'openings that are forgotten',
  ],
  holds: (script, reached) => driveBreaker(script, (driven) => new OpenTime(driven, reached)),
});
