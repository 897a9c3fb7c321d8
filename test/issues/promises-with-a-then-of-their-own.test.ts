// A native promise whose `then` was replaced, as query builders do it, was trusted: `run` threw synchronously, and the
// permit was lost.
import { bulkhead } from 'holdfast';
import { expect, test } from 'vitest';
import { watch } from '../support/spies.ts';

test.each([
  [
    'calls back twice and returns nothing',
    (resolve: (value: unknown) => void) => {
      resolve(1);
      resolve(2);
    },
  ],
  ['never calls back, and returns nothing', () => undefined],
  [
    'throws',
    () => {
      throw new Error('a bad then');
    },
  ],
])('a promise whose own then %s costs no permit', async (what, then) => {
  const places = bulkhead({ concurrency: 1 });
  const run = watch(places.run(() => Object.assign(Promise.resolve(0), { then })));
  await new Promise((resolve) => setImmediate(resolve));
  expect(run.state).toBe(what.startsWith('never') ? 'pending' : what === 'throws' ? 'rejected' : 'fulfilled');
  expect(places.inFlight).toBe(run.state === 'pending' ? 1 : 0);
});
