/** The walk itself, on a machine whose states and ways can be counted on the fingers. */
import { expect, test } from 'vitest';
import { explore, type System } from './explore.ts';

/** A hand on a dial of five hours, which may move by one or by two. */
const dial = (parts: Partial<System<number, number>> = {}): System<number, number> => ({
  initial: 0,
  events: () => [1, 2],
  after: (hour, step) => (hour + step) % 5,
  key: String,
  say: (step) => `+${step}`,
  ...parts,
});

test('visits each state once, and tries each event in each state once', async () => {
  const tried: string[] = [];
  const walk = await explore(
    dial({
      after(hour, step) {
        tried.push(`${hour}+${step}`);
        return (hour + step) % 5;
      },
    }),
  );
  expect(walk).toEqual({ states: 5, transitions: 10, depth: 2, bounded: false });
  expect(tried).toEqual(['0+1', '0+2', '1+1', '1+2', '2+1', '2+2', '3+1', '3+2', '4+1', '4+2']);
});

test('takes states with the same key for the same', async () => {
  const walk = await explore(dial({ key: (hour) => String(hour % 2), after: (hour, step) => hour + step }));
  expect(walk).toEqual({ states: 2, transitions: 4, depth: 1, bounded: false });
});

test('waits for events that take their time', async () => {
  const walk = await explore(dial({ after: async (hour, step) => (hour + step) % 5 }));
  expect(walk).toEqual({ states: 5, transitions: 10, depth: 2, bounded: false });
});

test('tells the shortest way to what is wrong, though a longer one is tried too', async () => {
  const walk = await explore(
    dial({
      after(hour, step) {
        if (hour + step === 4) throw new Error('four');
        return (hour + step) % 5;
      },
    }),
  );
  expect(walk.fault).toEqual({ message: 'four', path: ['+2', '+2'] });
});

test('tells the way to what is wrong where events take their time', async () => {
  const walk = await explore(
    dial({
      async after(hour, step) {
        if (hour === 3) throw new Error(`${step} from three`);
        return (hour + step) % 5;
      },
    }),
  );
  expect(walk.fault).toEqual({ message: '1 from three', path: ['+1', '+2', '+1'] });
});

test('says so where the limit to the depth has ended it', async () => {
  expect(await explore(dial(), 1)).toEqual({ states: 3, transitions: 2, depth: 1, bounded: true });
  expect(await explore(dial(), 3)).toEqual({ states: 5, transitions: 10, depth: 2, bounded: false });
});
