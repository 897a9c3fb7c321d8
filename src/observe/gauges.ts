/** What is read of the policies when somebody asks, rather than counted as it happens. */
import type { Homes } from './homes.ts';
import { INSTRUMENTS, type Instrument } from './instruments.ts';
import { type AnyPolicy, isBulkhead, isCircuit, isRetry } from './policies.ts';
import { Cell, type Sample, Series } from './series.ts';

interface Gauge {
  readonly instrument: Instrument;
  readonly values?: Readonly<Record<string, string>>;
  /** Undefined where the policy has no such thing. Of several policies with the same labels these are summed. */
  part(policy: AnyPolicy): number | undefined;
  /** What the sum is a share of, itself summed; left out where it is no share. */
  whole?(policy: AnyPolicy): number;
}

const callsOf = (policy: AnyPolicy): number => (isCircuit(policy) ? policy.stats.calls : 0);

const {
  circuitState,
  circuitFailureRatio,
  circuitSlowRatio,
  circuitWindowCalls,
  bulkheadInFlight,
  bulkheadQueued,
  bulkheadConcurrency,
  bulkheadQueue,
  bulkheadAbandoned,
  retryBudgetTokens,
} = INSTRUMENTS;

const GAUGES: readonly Gauge[] = [
  ...circuitState.labels.state.map(
    (state): Gauge => ({
      instrument: circuitState,
      values: { state },
      part: (policy) => (isCircuit(policy) ? Number(policy.state === state) : undefined),
    }),
  ),
  {
    instrument: circuitFailureRatio,
    part: (policy) => (isCircuit(policy) ? policy.stats.failures : undefined),
    whole: callsOf,
  },
  {
    instrument: circuitSlowRatio,
    part: (policy) => (isCircuit(policy) ? policy.stats.slow : undefined),
    whole: callsOf,
  },
  { instrument: circuitWindowCalls, part: (policy) => (isCircuit(policy) ? policy.stats.calls : undefined) },
  { instrument: bulkheadInFlight, part: (policy) => (isBulkhead(policy) ? policy.inFlight : undefined) },
  { instrument: bulkheadQueued, part: (policy) => (isBulkhead(policy) ? policy.queued : undefined) },
  {
    instrument: bulkheadConcurrency,
    part: (policy) => (isBulkhead(policy) ? policy.limits.concurrency : undefined),
  },
  { instrument: bulkheadQueue, part: (policy) => (isBulkhead(policy) ? policy.limits.queue : undefined) },
  { instrument: bulkheadAbandoned, part: (policy) => (isBulkhead(policy) ? policy.abandoned : undefined) },
  {
    instrument: retryBudgetTokens,
    part: (policy) => (isRetry(policy) ? policy.budget?.tokens(policy.clock.now()) : undefined),
  },
];

/** What the gauges read of a policy: the policy itself, or the budget of a retry, which several may share. */
export function targetOf(policy: AnyPolicy): object | undefined {
  if (isRetry(policy)) return policy.budget;
  return isCircuit(policy) || isBulkhead(policy) ? policy : undefined;
}

/** What the policies with the same labels come to. */
class GaugeCell extends Cell {
  part = 0;
  whole = 0;
  reading = 0;
}

export class GaugeReader {
  readonly #series = new Series((_, labels) => new GaugeCell(labels));
  readonly #homes: Homes;
  #readings = 0;

  constructor(homes: Homes) {
    this.#homes = homes;
  }

  /** Whether it is an instrument that is read, rather than counted. */
  reads(instrument: Instrument): boolean {
    return GAUGES.some((gauge) => gauge.instrument === instrument);
  }

  /** What it reads on these policies; one that comes twice counts once. What cannot be read is left out. */
  *read(instrument: Instrument, policies: Iterable<AnyPolicy>): Iterable<Sample> {
    const gauges = GAUGES.filter((gauge) => gauge.instrument === instrument);
    const reading = ++this.#readings;
    const seen = new Set<object>();
    for (const policy of policies) {
      const target = targetOf(policy);
      const home = target && this.#homes.of(target);
      if (home === undefined || seen.has(target as object)) continue;
      seen.add(target as object);
      for (const gauge of gauges) {
        const part = partOf(gauge, policy);
        if (part === undefined) continue;
        const labels = home.account.labelled(home.label, gauge.values);
        const cell = this.#series.at(instrument, labels);
        if (cell.reading !== reading) Object.assign(cell, { reading, part: 0, whole: 0 });
        cell.part += part;
        cell.whole += gauge.whole?.(policy) ?? 0;
        cell.value = gauge.whole === undefined ? cell.part : cell.part / Math.max(1, cell.whole);
      }
    }
    for (const cell of this.#series.of(instrument)) if (cell.reading === reading) yield cell;
  }
}

// A clock or a budget may be the user's own.
function partOf({ part }: Gauge, policy: AnyPolicy): number | undefined {
  try {
    return part(policy);
  } catch {
    return undefined;
  }
}
