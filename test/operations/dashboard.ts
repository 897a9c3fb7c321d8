/** The dashboard's panels and their queries, as Grafana would send them. */
import { readFileSync } from 'node:fs';

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

export const { panels, templating } = JSON.parse(readFileSync('docs/operations/dashboard.json', 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
};

export const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
);

/** With Grafana's variables filled in: all jobs and pipelines, and rates over `rate`, the whole over `range`. */
export function filledIn(expr: string, rate: string, range: string): string {
  return expr
    .replaceAll('$__rate_interval', rate)
    .replaceAll('$__range', range)
    .replaceAll(/\$(job|pipeline)/g, '.*');
}
