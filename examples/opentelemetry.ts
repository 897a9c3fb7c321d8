/**
 * OpenTelemetry: what a trace shows of two calls, and a few of the numbers. Run it with
 *
 *   npm run build && npx node examples/opentelemetry.ts
 *
 * A real service sends its spans and metrics to a collector; here they stay in memory, and are printed.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics, trace } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import { instrument, resendCount } from 'holdfast/opentelemetry';

// The SDK, and the instrumentation that makes a span for each request of `fetch`.
const spans = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
metrics.setGlobalMeterProvider(meterProvider);
const undici = new UndiciInstrumentation({
  startSpanHook: () => ({ 'http.request.resend_count': resendCount() }),
});

// The other service: busy at first, then well, then down.
const statuses = [503, 200, 503, 503];
const server = createServer((_, response) => void response.writeHead(statuses.shift() ?? 503).end('7'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`;

const stock = pipeline(
  'stock',
  retry({ retries: 1, backoff: constant(10) }),
  circuitBreaker({ consecutiveFailures: 2 }),
  timeout({ ms: 5_000 }),
);
const stop = instrument([stock]);

const tracer = trace.getTracer('orders');
for (const order of ['order 1', 'order 2', 'order 3'])
  await tracer.startActiveSpan(order, async (span) => {
    const left = stock.run(async ({ signal }) => {
      const response = await fetch(url, { signal });
      const text = await response.text();
      if (!response.ok) throw new Error(`stock answered ${response.status}`);
      return Number(text);
    });
    await left.catch(() => undefined); // a service would answer 503
    span.end();
  });

await meterProvider.forceFlush();
stop();
undici.disable();
await meterProvider.shutdown();
server.closeAllConnections();
server.close();

// What came out, as a trace viewer would show it.
const all = spans.getFinishedSpans();
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

function show(span: ReadableSpan, indent = ''): void {
  const { name, attributes, events } = span;
  const told = ['holdfast.outcome', 'http.response.status_code', 'http.request.resend_count'].flatMap(
    (key) => (attributes[key] === undefined ? [] : [`${key}=${attributes[key]}`]),
  );
  console.log([`${indent}${name}`, ...told].join(' '));
  for (const { name, attributes: about } of events)
    console.log(`${indent}  * ${name} ${about?.['holdfast.reason'] ?? ''}`.trimEnd());
  for (const child of all) if (child.parentSpanContext?.spanId === idOf(span)) show(child, `${indent}  `);
}
for (const span of all) if (span.parentSpanContext === undefined) show(span);

const latest = exporter
  .getMetrics()
  .at(-1)!
  .scopeMetrics.flatMap((scope) => scope.metrics);
for (const { descriptor, dataPoints } of latest)
  if (/holdfast\.(calls|rejections)$/.test(descriptor.name))
    for (const { attributes, value } of dataPoints)
      if (value !== 0) console.log(descriptor.name, value, Object.values(attributes).join(' '));

// prints:
//   order 1
//     run stock holdfast.outcome=success
//       * holdfast.retry
//       attempt stock holdfast.outcome=failure
//         GET http.response.status_code=503
//       attempt stock holdfast.outcome=success
//         GET http.response.status_code=200 http.request.resend_count=1
//   order 2
//     run stock holdfast.outcome=failure
//       * holdfast.retry
//       * holdfast.state_change consecutive-failures
//       * holdfast.exhausted retries
//       attempt stock holdfast.outcome=failure
//         GET http.response.status_code=503
//       attempt stock holdfast.outcome=failure
//         GET http.response.status_code=503 http.request.resend_count=1
//   order 3
//     run stock holdfast.outcome=rejected
//       * holdfast.rejection open
//       * holdfast.exhausted judge
//   holdfast.calls 1 stock success
//   holdfast.calls 1 stock failure
//   holdfast.calls 1 stock rejected
//   holdfast.rejections 1 stock circuit-breaker open
