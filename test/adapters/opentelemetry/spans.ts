/** The real SDK with its exporter into memory, and what came out as one can read it. */
import { context, diag, metrics, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

/** A provider, registered nowhere, and the spans that have ended, in the order in which they began. */
export function sdk(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const order = new Map<string, number>();
  // Their times alone do not tell: they are whole milliseconds.
  const listed = new SimpleSpanProcessor(exporter);
  listed.onStart = (span) => void order.set(span.spanContext().spanId, order.size);
  const provider = new NodeTracerProvider({ spanProcessors: [listed], ...(sampler && { sampler }) });
  const place = (span: ReadableSpan): number => order.get(span.spanContext().spanId)!;
  const spans = () => exporter.getFinishedSpans().sort((a, b) => place(a) - place(b));
  return { provider, spans };
}

/** The same, registered as everybody registers it: spans then follow the work through its promises. */
export function registered(sampler?: Sampler) {
  const made = sdk(sampler);
  made.provider.register();
  return made;
}

/** As in a process in which no SDK was ever registered. */
export function unregister(): void {
  for (const api of [trace, context, propagation, metrics, diag]) api.disable();
}

/** A span, the events on it and the spans below it, as they began. */
export interface Told {
  readonly name: string;
  readonly status: number;
  readonly attributes: Record<string, unknown>;
  readonly events: (readonly [name: string, attributes: object])[];
  readonly below: Told[];
}

/** What has no parent among the spans, and below it the rest. */
export function treeOf(spans: readonly ReadableSpan[]): Told[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const told = (span: ReadableSpan): Told => ({
    name: span.name,
    status: span.status.code,
    attributes: { ...span.attributes },
    events: span.events.map(({ name, attributes }) => [name, { ...attributes }] as const),
    below: spans.filter((each) => parentOf(each) === span.spanContext().spanId).map(told),
  });
  return spans.filter((span) => !ids.has(parentOf(span) ?? '')).map(told);
}

export const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;

/** The names alone, those below indented. */
export const outline = (tree: readonly Told[], depth = 0): string[] =>
  tree.flatMap(({ name, below }) => [`${'  '.repeat(depth)}${name}`, ...outline(below, depth + 1)]);
