/** Each fault that is put in is found, on the shortest way that shows it. */
import { expect, test } from 'vitest';
import { seededFaults } from './faults.ts';

const SHORTEST: Readonly<Record<string, readonly string[]>> = {
  'off-by-one threshold': [
    'call',
    'call',
    'call 1 of those in flight fails',
    'call 1 of those in flight fails',
    'what the result calls for: undefined, and not failure-rate',
  ],
  'generation ignored': [
    'call',
    'isolate for ann',
    'call 1 of those in flight succeeds',
    'calls in the window: 1, and not 0',
  ],
  'probe place not returned': [
    'open',
    '2 ms pass',
    'call',
    'call 1 of those in flight fails',
    'call',
    'whether the call is admitted: false, and not true',
  ],
  'window not aged': [
    'call',
    'call 1 of those in flight succeeds',
    '20 ms pass',
    'calls in the window: 1, and not 0',
  ],
  "lapsed probe's late result dropped": [
    'open',
    '2 ms pass',
    'call',
    '2 ms pass',
    'call',
    'call 1 of those in flight succeeds',
    'what the result calls for: undefined, and not close',
  ],
  'isolation reason undone by another': [
    'isolate for ann',
    'isolate for bob',
    'release for ann',
    'the state: closed, and not isolated',
  ],
  'double release': ['a permit is asked for', 'call 1 ends', 'call 1 ends', 'calls in flight: -1, and not 0'],
  'newcomer overtakes': [
    'a call comes',
    'a call comes',
    'a call comes',
    'those that wait, in the order of admission: 3,2, and not 2,3',
  ],
};

test.each(seededFaults)('finds: $name', async ({ name, find }) => {
  const fault = await find();
  expect(fault && [...fault.path, fault.message]).toEqual(SHORTEST[name]);
});
