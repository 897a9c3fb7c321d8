/**
 * Logging: an outage as the log tells it, in a handful of lines. Run it with
 *
 *   npm run build && npx node examples/logging.ts
 *
 * With pino it is `logEvents([search], pino())`; here the console writes JSON lines. The clock is virtual, so the times of
 * day (`since`, `nextProbeAt`) are left out of what is printed.
 */
import { circuitBreaker, fallback, pipeline, timeout } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { VirtualClock } from 'holdfast/testing';

const clock = new VirtualClock();
const search = pipeline(
  { name: 'search', clock },
  fallback([]),
  circuitBreaker({ minimumCalls: 10, openMs: 2_000 }),
  timeout({ ms: 500 }),
);

const json = (level: string) => (fields: object, msg: string) => {
  const { since: _, nextProbeAt: __, ...rest } = fields as Record<string, unknown>;
  console.log(JSON.stringify({ level, ...rest, msg }));
};
const logger = { debug: json('debug'), info: json('info'), warn: json('warn'), error: json('error') };
const stop = logEvents([search], logger, { clock });

let healthy = true;
async function query(): Promise<string[]> {
  if (healthy) return ['found'];
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}

/** A thousand calls in a second. */
async function traffic(): Promise<void> {
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 10; j++) void search.run(query);
    await clock.advance(10);
  }
}

await traffic();
healthy = false;
await traffic();
await traffic();
healthy = true;
await traffic();
await clock.advance(1_000);
stop();

// prints:
//   {"level":"warn","event":"holdfast.circuit.opened","pipeline":"search","policy":"circuit-breaker","reason":"failure-rate","failureRate":0.5,"calls":2000,"failures":1000,"slow":0,"openings":1,"errorName":"Error","errorCode":"ECONNREFUSED","retryAfterMs":2000,"count":1,"msg":"search: circuit-breaker opened"}
//   {"level":"info","event":"holdfast.fallback","pipeline":"search","policy":"fallback","errorName":"Error","errorCode":"ECONNREFUSED","count":1000,"msg":"search: fallback answers for calls that failed"}
//   {"level":"warn","event":"holdfast.circuit.rejected","pipeline":"search","policy":"circuit-breaker","state":"open","reason":"failure-rate","failureRate":0.5,"calls":2000,"failures":1000,"slow":0,"openings":1,"errorName":"Error","errorCode":"ECONNREFUSED","retryAfterMs":1000,"count":1000,"msg":"search: circuit-breaker rejects calls"}
//   {"level":"info","event":"holdfast.fallback","pipeline":"search","policy":"fallback","errorName":"CircuitOpenError","errorCode":"HOLDFAST_CIRCUIT_OPEN","count":1000,"msg":"search: fallback answers for calls that failed"}
//   {"level":"info","event":"holdfast.circuit.half-open","pipeline":"search","policy":"circuit-breaker","reason":"failure-rate","failureRate":0.5,"calls":2000,"failures":1000,"slow":0,"openings":1,"errorName":"Error","errorCode":"ECONNREFUSED","count":1,"msg":"search: circuit-breaker is half-open"}
//   {"level":"info","event":"holdfast.circuit.closed","pipeline":"search","policy":"circuit-breaker","reason":"probes","openForMs":2000,"rejected":1999,"count":1,"msg":"search: circuit-breaker closed"}
//   {"level":"warn","event":"holdfast.circuit.rejected","pipeline":"search","policy":"circuit-breaker","state":"half-open","reason":"failure-rate","failureRate":0.5,"calls":2000,"failures":1000,"slow":0,"openings":1,"errorName":"Error","errorCode":"ECONNREFUSED","count":999,"msg":"search: circuit-breaker rejects calls"}
//   {"level":"info","event":"holdfast.fallback","pipeline":"search","policy":"fallback","errorName":"CircuitOpenError","errorCode":"HOLDFAST_CIRCUIT_OPEN","count":999,"msg":"search: fallback answers for calls that failed"}
