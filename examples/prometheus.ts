/**
 * Prometheus: a service that shows on /metrics what its calls to another come to. Run it with
 *
 *   npm run build && npx node examples/prometheus.ts
 *
 * and with a port, `npx node examples/prometheus.ts 9464`, to have it go on serving.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bulkhead, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Registry } from 'prom-client';

const stock = pipeline(
  'stock',
  fallback('nobody knows'),
  retry({ retries: 1, backoff: constant(1) }),
  circuitBreaker({ consecutiveFailures: 3, openMs: 60_000 }),
  timeout({ ms: 1_000 }),
  bulkhead({ concurrency: 10 }),
);

const registry = new Registry();
instrument([stock], { registry });

const server = createServer(async (request, response) => {
  if (request.url !== '/metrics') return void response.writeHead(404).end();
  const metrics = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType }).end(metrics);
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1');
await once(server, 'listening');

// Two calls that are answered, then the other service is down: the circuit opens, and the rest is rejected.
for (let i = 0; i < 2; i++) await stock.run(() => '7 left');
for (let i = 0; i < 5; i++) await stock.run(() => Promise.reject(new Error('down')));

const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
const lines = (await (await fetch(url)).text()).split('\n');
const show = (start: string): void => {
  for (const line of lines) if (line.startsWith(start) && !line.endsWith(' 0')) console.log(line);
};
show('holdfast_calls_total');
show('holdfast_retries_total');
show('holdfast_rejections_total');
show('holdfast_circuit_state');
show('holdfast_incident_detection_seconds_count');

if (process.argv[2] === undefined) {
  server.closeAllConnections();
  server.close();
} else {
  console.log(`serving ${url}`);
}

// prints:
//   holdfast_calls_total{pipeline="stock",outcome="success"} 2
//   holdfast_calls_total{pipeline="stock",outcome="fallback"} 5
//   holdfast_retries_total{pipeline="stock",policy="retry",result="failure"} 1
//   holdfast_retries_total{pipeline="stock",policy="retry",result="rejected"} 1
//   holdfast_rejections_total{pipeline="stock",policy="circuit-breaker",reason="open"} 4
//   holdfast_circuit_state{pipeline="stock",policy="circuit-breaker",state="open"} 1
//   holdfast_incident_detection_seconds_count{pipeline="stock",policy="circuit-breaker"} 1
