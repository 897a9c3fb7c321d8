/** What may happen to a bulkhead: one step after the other, or much at once, in an order that a scheduler chooses. */
import fc from 'fast-check';
import {
  type BulkheadRules,
  type BulkheadStep,
  type DrivenBulkhead,
  Guest,
  type GuestKind,
} from './bulkhead-driven.ts';
import { drive, type Kind, Model, type Steps, stepsOf } from './commands.ts';
import { type Race, race, raced, type Task } from './race.ts';

export interface BulkheadCourse {
  readonly rules: BulkheadRules;
  readonly steps: Steps<BulkheadStep>;
}

/** One who comes, before the race or in it, ends its work and perhaps aborts, in any order. */
interface RacingGuest {
  readonly kind: GuestKind;
  readonly early: boolean;
  readonly aborts: boolean;
}

export interface BulkheadRace extends Race {
  readonly rules: BulkheadRules;
  readonly guests: readonly RacingGuest[];
  /** To how many places the bulkhead is resized meanwhile. */
  readonly sizes: readonly number[];
  readonly passMs: readonly number[];
}

export type BulkheadScript = BulkheadCourse | BulkheadRace;

// Waits are even, patience is odd, and time goes in even steps: so no two kinds of things ever fall due together.
const rules: fc.Arbitrary<BulkheadRules> = fc.record(
  {
    concurrency: fc.constantFrom(1, 1, 2, 2, 3, 0),
    queue: fc.constantFrom(5, 5, 2, 1, 0),
    queueTimeoutMs: fc.constantFrom(Infinity, 20, 20),
    reclaimMs: fc.constantFrom(Infinity, 15),
  },
  { noNullPrototype: true },
);

const KINDS: readonly Kind<BulkheadStep>[] = [
  [10, [{ do: 'call' }]],
  [6, [{ do: 'acquire' }]],
  [2, [{ do: 'try' }]],
  [6, [0, 1, 2].map((nth) => ({ do: 'end', nth }))],
  [4, [0, 1, 2, -1].map((nth) => ({ do: 'abort', nth }))],
  [1, [{ do: 'again' }]],
  [4, [2, 3, 1, 0].map((concurrency) => ({ do: 'resize', concurrency }))],
  [1, [0, 3].map((queue) => ({ do: 'resize', queue }))],
  [4, [2, 10, 20, 40].map((ms) => ({ do: 'advance', ms }))],
];

export const bulkheadCourse: fc.Arbitrary<BulkheadCourse> = fc.record(
  { rules, steps: stepsOf(KINDS, 40) },
  { noNullPrototype: true },
);

export const bulkheadRace: fc.Arbitrary<BulkheadRace> = fc.record(
  {
    rules,
    guests: fc.array(
      fc.record(
        {
          kind: fc.constantFrom<GuestKind[]>('call', 'call', 'acquire', 'acquire', 'try'),
          early: fc.constantFrom(true, true, false),
          aborts: fc.constantFrom(true, true, false),
        },
        { noNullPrototype: true },
      ),
      { minLength: 2, maxLength: 8, size: 'max' },
    ),
    sizes: fc.array(fc.constantFrom(1, 2, 3, 0), { maxLength: 2, size: 'max' }),
    passMs: fc.array(fc.constantFrom(2, 20), { maxLength: 1, size: 'max' }),
    ...raced,
  },
  { noNullPrototype: true },
);

/** A claim about a bulkhead. */
export class BulkheadModel extends Model<BulkheadStep, DrivenBulkhead> {
  /** In a race, before someone aborts. */
  beforeAbort(_guest: Guest): void {}
}

/** Makes it happen, and has the model watch. */
export async function driveBulkhead(script: BulkheadScript, model: BulkheadModel): Promise<void> {
  if ('steps' in script) return drive(model, script.steps);
  const { clock, bulkhead } = model.driven;
  const tasks: Task[] = [];
  for (const [i, { kind, early, aborts }] of script.guests.entries()) {
    const guest = new Guest(kind);
    const comes = (): void => model.driven.come(guest);
    const abort = (): void => {
      model.beforeAbort(guest);
      guest.abort();
    };
    if (early) comes();
    else tasks.push([`${kind} ${i} comes`, comes]);
    tasks.push([`${kind} ${i} ends`, () => guest.end()]);
    if (aborts) tasks.push([`${kind} ${i} aborts`, abort]);
  }
  for (const concurrency of script.sizes)
    tasks.push([`to ${concurrency} places`, () => bulkhead.resize({ concurrency })]);
  for (const ms of script.passMs) tasks.push([`${ms} ms pass`, ms]);
  await race(script, tasks, { elapse: (ms) => clock.advance(ms), look: () => model.look() });
  model.rest();
}
