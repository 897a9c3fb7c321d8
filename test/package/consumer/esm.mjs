/** The package from ESM, its two entries together. */
import assert from 'node:assert/strict';
import * as holdfast from 'holdfast';
import { CircuitOpenError, isRejection, pipeline, retry } from 'holdfast';
import { instrument } from 'holdfast/prometheus'; // there is no prom-client, and it loads
import { VirtualClock } from 'holdfast/testing';
import trip from './trip.cjs';

const refused = await trip(holdfast, { clock: new VirtualClock() });
assert(refused instanceof CircuitOpenError);
assert(isRejection(refused));
assert.equal(refused.code, 'HOLDFAST_CIRCUIT_OPEN');

let attempts = 0;
const answer = await retry({ retries: 1, backoff: () => 1 }).run(async () => {
  attempts += 1;
  if (attempts === 1) throw new Error('down');
  return 'up';
});
assert.equal(answer, 'up');

assert.throws(
  () => instrument([pipeline('api')], {}),
  /registry must be a Registry of prom-client, got undefined/,
);
