/**
 * `npm run bench:opentelemetry`: what it costs a call of the four-policy pipeline to be instrumented, first where no SDK
 * is registered, then with the SDK's own spans and instruments, beside the same pipeline on which nobody looks. All take
 * turns; what is reported is the median, over the rounds, of the difference to the plain pipeline within the round.
 *
 *   --rounds N   default 240
 */
import { parseArgs } from 'node:util';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { AlwaysOffSampler, NodeTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { bulkhead, circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { instrument, type OpenTelemetryOptions } from 'holdfast/opentelemetry';
import { differences } from '../differences.ts';

const values = parseArgs({ options: { rounds: { type: 'string', default: '240' } } }).values;
const rounds = Number(values.rounds);

const work = async (): Promise<number> => 42;

/** Runs through a pipeline of its own, instrumented so, if at all. */
function row(options?: OpenTelemetryOptions): () => Promise<number> {
  const four = pipeline(
    'four',
    retry(),
    circuitBreaker(),
    timeout({ ms: 1_000 }),
    bulkhead({ concurrency: 10 }),
  );
  if (options !== undefined) instrument([four], options);
  return () => four.run(work);
}

console.log('No SDK:');
await differences(
  {
    plain: row(),
    'plain, beside itself': row(),
    instrumented: row({}),
    'instrumented for traces only': row({ metrics: false }),
  },
  rounds,
);

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

// Only for what tracks contexts: the rows have providers of their own.
new NodeTracerProvider({ sampler: new AlwaysOffSampler() }).register();
const spanProcessors = [new NoopSpanProcessor()];
const recording = new NodeTracerProvider({ spanProcessors });
const dropping = new NodeTracerProvider({ spanProcessors, sampler: new AlwaysOffSampler() });
const meterProvider = new MeterProvider({ readers: [new Reader()] });

// What anybody has to ask of the SDK for the same: two spans, each active in what is below it, and two records.
const tracer = recording.getTracer('by hand');
const seconds = meterProvider.getMeter('by hand').createHistogram('call.duration');
const attributes = { pipeline: 'four', outcome: 'success' };
const plain = row();
const twoSpans = (): Promise<number> =>
  tracer.startActiveSpan('run', (run) =>
    tracer
      .startActiveSpan('attempt', (attempt) => plain().finally(() => attempt.end()))
      .finally(() => run.end()),
  );
async function twoRecords(): Promise<number> {
  const value = await plain();
  for (let i = 0; i < 2; i++) seconds.record(0.01, attributes);
  return value;
}

console.log('\nWith the SDK, which exports nothing:');
await differences(
  {
    plain: row(),
    'plain, beside itself': row(),
    'a trace that is recorded': row({ metrics: false, tracerProvider: recording }),
    'a trace that is not sampled': row({ metrics: false, tracerProvider: dropping }),
    'two spans of the SDK, by hand': twoSpans,
    metrics: row({ traces: false, meterProvider }),
    'two records of the SDK, by hand': twoRecords,
  },
  rounds,
);
