/** The real SDK of metrics, read when the test says so. */
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** One metric as it was exported. */
export interface Exported {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly scope: string;
  readonly type: DataPointType;
  readonly monotonic: boolean | undefined;
  /** By the values of the attributes, in their order. */
  readonly points: ReadonlyMap<string, DataPoint<number | Histogram>>;
}

/** A provider, registered nowhere, and what a collection finds, by name. */
export function meters() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const read = async (): Promise<Map<string, Exported>> => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw errors[0];
    const found = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.map((metric): Exported => {
        const points = metric.dataPoints as DataPoint<number | Histogram>[];
        return {
          ...metric.descriptor,
          scope: scope.name,
          type: metric.dataPointType,
          monotonic: metric.dataPointType === DataPointType.SUM ? metric.isMonotonic : undefined,
          points: new Map(points.map((point) => [Object.values(point.attributes).join('|'), point])),
        };
      }),
    );
    return new Map(found.map((metric) => [metric.name, metric]));
  };
  /** The numbers of one metric. */
  const numbers = async (name: string): Promise<Record<string, unknown>> => {
    const points = (await read()).get(name)?.points ?? new Map();
    return Object.fromEntries([...points].map(([key, { value }]) => [key, value]));
  };
  return { provider, read, numbers };
}
