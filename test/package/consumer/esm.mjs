/** The package from ESM, several of its entries together. */
import assert from 'node:assert/strict';
import * as holdfast from 'holdfast';
import { CircuitOpenError, isRejection, pipeline, retry } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { observe } from 'holdfast/observe';
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

const api = pipeline('api', retry({ retries: 0 }));
const { snapshot } = observe(api);
logEvents([api], console)();
await api.run(() => 1);
assert.equal(snapshot().last10s.calls, 1);
assert.throws(
  () => instrument([pipeline('api')], {}),
  /registry must be a Registry of prom-client, got undefined/,
);
