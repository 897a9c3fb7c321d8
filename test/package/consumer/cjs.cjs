/** The package from CommonJS, its two entries together. */
const assert = require('node:assert/strict');
const holdfast = require('holdfast');
const { VirtualClock } = require('holdfast/testing');
const trip = require('./trip.cjs');

async function main() {
  const refused = await trip(holdfast, { clock: new VirtualClock() });
  assert(refused instanceof holdfast.CircuitOpenError);
  assert(holdfast.isRejection(refused));
  assert.equal(refused.code, 'HOLDFAST_CIRCUIT_OPEN');

  let attempts = 0;
  const answer = await holdfast.retry({ retries: 1, backoff: () => 1 }).run(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('down');
    return 'up';
  });
  assert.equal(answer, 'up');
}

void main();
