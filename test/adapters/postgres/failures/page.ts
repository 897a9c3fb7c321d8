/** The tables of docs/postgres-failures.md, out of what was measured. */
import { table } from '../../../support/page.ts';
import type { Call, Connections, Measured } from './row.ts';

export interface Line {
  readonly name: string;
  readonly call: Call;
  readonly measured: Measured;
}

const HEAD = [
  'failure',
  'call',
  'caller gets',
  'attempts',
  'seen',
  'COMMIT',
  'took place',
  'connections',
  's',
];

const coded = (outcome: string): string =>
  outcome.replace(/\b(?:[A-Z]+_[A-Z_]+|E[A-Z]+|[0-9A-Z]{5})\b/g, '`$&`');

function connections(counts: Connections): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([what, count]) => `${count} ${what}`).join(', ');
}

/** A table for each group of failures. */
export function tablesOf(groups: ReadonlyMap<string, readonly Line[]>): string {
  const parts = [...groups].map(([title, lines]) => {
    const rows = lines.map(({ name, call, measured }) => [
      ...[name, call, coded(measured.outcome), measured.attempts, measured.seen, measured.commits],
      ...[measured.tookPlace, connections(measured.connections), measured.seconds],
    ]);
    return `### ${title}\n\n${table(HEAD, rows)}`;
  });
  return parts.join('\n\n');
}
