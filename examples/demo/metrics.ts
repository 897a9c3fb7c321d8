/** What the gateway's metrics say of incidents: out of a Prometheus where one scrapes them, else off /metrics itself. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Incidents } from './incidents.ts';
import { UsageError } from './processes.ts';
import type { Route } from './scenario.ts';

export interface Exposition {
  /** The address of /metrics. */
  readonly page: string;
  /** That of the Prometheus that scrapes it, if one does. */
  readonly prometheus: string | undefined;
}

/** A line of /metrics, or what Prometheus has of it. */
export interface Series {
  readonly name: string;
  readonly pipeline: string;
  readonly value: number;
}

/** The one that HOLDFAST_PROMETHEUS names, else the one on the PATH, if there is one. */
export function findPrometheus(): string | undefined {
  const named = process.env.HOLDFAST_PROMETHEUS;
  const binary = named ?? 'prometheus';
  if (spawnSync(binary, ['--version']).status === 0) return binary;
  if (named === undefined) return undefined;
  throw new UsageError(`HOLDFAST_PROMETHEUS names ${named}, which cannot be run`);
}

/** What holds at the end of a run, which is now. */
export async function readIncidents({ page, prometheus }: Exposition): Promise<readonly Series[]> {
  if (prometheus === undefined) return seriesOf(await (await fetch(page)).text());
  const endedAt = Date.now() / 1_000;
  await ask(prometheus, `timestamp(up) > ${endedAt}`, (series) => series.length > 0);
  return ask(prometheus, '{__name__=~"holdfast_incident_.*_seconds_(sum|count)"}', () => true);
}

/** The lines of /metrics that tell of incidents. */
export function seriesOf(text: string): Series[] {
  const lines = text.matchAll(
    /^(holdfast_incident_\w+_seconds_\w+)\{pipeline="(\w+)",policy="[\w-]+"\} (\S+)$/gm,
  );
  return [...lines].map(([, name = '', pipeline = '', value]) => ({ name, pipeline, value: Number(value) }));
}

interface Answer {
  readonly data: {
    readonly result: ReadonlyArray<{
      readonly metric: { readonly __name__?: string; readonly pipeline?: string };
      readonly value: readonly [at: number, value: string];
    }>;
  };
}

/** What Prometheus answers to a query, as soon as that is enough. */
export async function ask(
  prometheus: string,
  query: string,
  enough: (series: readonly Series[]) => boolean,
): Promise<readonly Series[]> {
  for (let tries = 0; tries < 100; tries++) {
    const url = `${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) {
      const { data } = (await response.json()) as Answer;
      const series = data.result.map(({ metric, value }) => ({
        name: metric.__name__ ?? '',
        pipeline: metric.pipeline ?? '',
        value: Number(value[1]),
      }));
      if (enough(series)) return series;
    }
    await sleep(100);
  }
  throw new Error(`Prometheus has had no answer to ${query} for ten seconds`);
}

export function meteredIncidents(series: readonly Series[], route: Route): Incidents {
  const number = (name: string) =>
    series.find((one) => one.pipeline === route && one.name === `holdfast_incident_${name}`)?.value ?? 0;
  const meanMs = (name: string) => {
    const count = number(`${name}_seconds_count`);
    return count === 0 ? undefined : (number(`${name}_seconds_sum`) / count) * 1_000;
  };
  return {
    count: number('detection_seconds_count'),
    timeToDetectMs: meanMs('detection'),
    timeToRecoverMs: meanMs('recovery'),
  };
}
