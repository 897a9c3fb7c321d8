/** The package from CommonJS, several of its entries together. */
const assert = require('node:assert/strict');
const holdfast = require('holdfast');
const { VirtualClock } = require('holdfast/testing');
const { resilience } = require('holdfast/undici'); // there is no undici, and it loads
const { postgresJudge } = require('holdfast/postgres'); // nor is there pg
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
  assert.equal(typeof resilience(), 'function');
  assert.equal(postgresJudge({ ok: false, error: { code: '40001' } }).retry, true);
}

void main();
