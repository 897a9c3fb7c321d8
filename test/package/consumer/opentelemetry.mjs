/** The package beside OpenTelemetry: spans of a run, from the API alone and with an SDK that is registered late. */
import assert from 'node:assert/strict';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { keyed, pipeline } from 'holdfast';
import { instrument, resendCount } from 'holdfast/opentelemetry';

const [users, hosts] = [pipeline('users'), keyed((host) => pipeline(host), { name: 'hosts' })];
const stop = instrument([users, hosts]);
assert.equal(await users.run(() => 'Ada'), 'Ada');

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const active = await users.run(() => trace.getActiveSpan());
await hosts.run('a.example', () => assert.equal(resendCount(), undefined));
stop();
await users.run(() => 'Ada');

const spans = exporter.getFinishedSpans();
assert.deepEqual(
  spans.map(({ name }) => name),
  ['attempt users', 'run users', 'attempt hosts', 'run hosts'],
);
assert.equal(active.spanContext().spanId, spans[0].spanContext().spanId);
