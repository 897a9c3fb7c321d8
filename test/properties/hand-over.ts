/** A freed place goes to whoever has waited longest and still waits, in the same step, and is never lost. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { property } from './property.ts';
import { type BulkheadStep, DrivenBulkhead, type Guest, type GuestKind } from './support/bulkhead-driven.ts';
import { NaiveBulkhead, type NaiveGuest } from './support/bulkhead-naive.ts';
import {
  BulkheadModel,
  type BulkheadScript,
  bulkheadCourse,
  bulkheadRace,
  driveBulkhead,
} from './support/bulkhead-scripts.ts';
import { rest } from './support/microtasks.ts';
import { showScript } from './support/show.ts';

/** What holds at every microtask, and of those who stayed at the end. */
class HandOver extends BulkheadModel {
  override look(): void {
    const { bulkhead, overtaken } = this.driven;
    const { inFlight, limits, queued } = bulkhead;
    assert(queued === 0 || inFlight >= limits.concurrency, `${queued} wait beside a free place`);
    assert(!overtaken, 'a newcomer has overtaken those who wait');
  }

  override rest(): void {
    const { queuedUp, started } = this.driven;
    for (const kind of ['call', 'acquire'] satisfies GuestKind[]) {
      const admitted = started.filter((guest) => guest.kind === kind && queuedUp.includes(guest));
      assert.deepEqual(
        admitted.map((guest) => queuedUp.indexOf(guest)),
        admitted.map((guest) => queuedUp.indexOf(guest)).sort((a, b) => a - b),
        'first in, first out',
      );
      if (admitted.length > 1) this.reached('several who waited have their places in turn');
    }
  }
}

/** Much at once: an abort may come when a place has just been handed over, and not yet been taken. */
class Racing extends HandOver {
  override beforeAbort(guest: Guest): void {
    const { bulkhead, queuedUp } = this.driven;
    const expecting = queuedUp.filter((each) => !each.started && each.answer === undefined && !each.aborted);
    const handedOver = expecting.slice(0, expecting.length - bulkhead.queued);
    if (handedOver.includes(guest)) this.reached('an abort when a place has just been handed over');
    else if (expecting.includes(guest)) this.reached('an abort of one who waits, in a race');
  }
}

/** How a guest that stands there was answered, if it was. */
const ANSWER: Partial<Record<NaiveGuest['standing'], Guest['answer']>> = {
  abandoned: 'aborted',
  reclaimed: 'aborted',
  aborted: 'aborted',
  full: 'full',
  'queue-timeout': 'queue-timeout',
};

/** One step after the other, it is known where everybody stands. */
class Standings extends HandOver {
  private readonly naive: NaiveBulkhead;

  constructor(naive: NaiveBulkhead, ...more: ConstructorParameters<typeof HandOver>) {
    super(...more);
    this.naive = naive;
  }

  private subject: NaiveGuest | undefined = undefined;

  override before(step: BulkheadStep): void {
    const { driven, naive } = this;
    const subject = driven.subject(step);
    this.subject = subject && naive.guests[driven.guests.indexOf(subject)];
  }

  override after(step: BulkheadStep): void {
    const { naive, reached, subject } = this;
    const waiting = naive.waiting.length;
    if (step.do === 'advance') naive.pass(step.ms);
    else if (step.do === 'resize') naive.resize(step);
    else if (step.do === 'end' && subject !== undefined) naive.end(subject);
    else if (step.do === 'abort' && subject !== undefined) naive.abort(subject);
    else if (step.do === 'call' || step.do === 'acquire' || step.do === 'try') naive.come(step.do);
    if (naive.waiting.length < waiting) reached(`${step.do} lets one who waits go`);
  }

  override rest(): void {
    super.rest();
    const { driven, naive } = this;
    const { bulkhead } = driven;
    assert.deepEqual([bulkhead.inFlight, bulkhead.queued], [naive.holders.length, naive.waiting.length]);
    for (const [i, { started, answer, kind }] of driven.guests.entries()) {
      const { standing } = naive.guests[i] as NaiveGuest;
      const works = ['working', 'abandoned', 'reclaimed', 'gone'].includes(standing);
      assert.equal(started, works, `${kind} ${i} is ${standing}`);
      if (standing !== 'gone' && !(standing === 'working' && kind !== 'call'))
        assert.equal(answer, ANSWER[standing], `${kind} ${i} is ${standing}`);
    }
  }
}

/** Once everybody is gone, every place is there again. */
async function expectAllPlaces({ bulkhead, clock, guests }: DrivenBulkhead): Promise<void> {
  bulkhead.resize({ concurrency: 2 });
  for (const guest of guests) guest.end();
  await rest();
  await clock.advance(40);
  assert.deepEqual([bulkhead.inFlight, bulkhead.queued, bulkhead.abandoned], [0, 0, 0]);
  assert.equal(clock.pendingTimers, 0);
  const free = [1, 2, 3].filter(() => bulkhead.tryAcquire() !== undefined);
  assert.deepEqual(free, [1, 2]);
}

export default property<BulkheadScript>({
  number: 9,
  name: 'No lost wake-up: a free place and a waiter never coexist at rest; FIFO among those who stay; an aborted waiter costs nothing',
  file: 'hand-over',
  script: fc.oneof(bulkheadCourse, bulkheadRace),
  show: showScript,
  reaches: [
    'end lets one who waits go',
    'abort lets one who waits go',
    'resize lets one who waits go',
    'advance lets one who waits go',
    'several who waited have their places in turn',
    'an abort of one who waits, in a race',
    'an abort when a place has just been handed over',
  ],
  async holds(script, reached) {
    const driven = new DrivenBulkhead(script.rules);
    const model =
      'steps' in script
        ? new Standings(new NaiveBulkhead(script.rules), driven, reached)
        : new Racing(driven, reached);
    await driveBulkhead(script, model);
    await expectAllPlaces(driven);
  },
});
