/** The package from CommonJS, several of its entries together. */
const assert = require('node:assert/strict');
const holdfast = require('holdfast');
const { observe } = require('holdfast/observe');
const { logEvents } = require('holdfast/logging');
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
  // Nor is there this one, and what needs it says so.
  assert.throws(() => require('holdfast/opentelemetry'), /Cannot find module '@opentelemetry\/api'/);

  const api = holdfast.pipeline('api', holdfast.retry({ retries: 0 }));
  const { snapshot } = observe(api);
  logEvents([api], console)();
  await api.run(() => 1);
  assert.equal(snapshot().last10s.calls, 1);
  assert.equal(postgresJudge({ ok: false, error: { code: '40001' } }).retry, true);
}

void main();
