/** The table of docs/failures.md, out of what was measured. */
import { table } from '../../support/page.ts';
import type { Measured, Outcome, Sockets } from './row.ts';

/** What was measured of one failure, by the name of the client. */
export type Measurements = ReadonlyMap<string, Measured>;

/** An error stands for its code, which both clients have somewhere; without one, for what is said. */
const short = (error: string): string =>
  error.replace(/^.*, cause |^\w*Error:? /, '').replace(/^[A-Z][A-Z_]{4,}\b/, '`$&`');

function outcome({ status, body, error }: Outcome): string {
  if (error === undefined) return body === '' ? `${status}` : `${status} and its body`;
  const said = short(error);
  return status === undefined ? said : `${status}, then ${said}`;
}

function sockets({ kept, connecting, leaked }: Sockets): string {
  const counts = Object.entries({ kept, connecting, leaked }).filter(([, count]) => count > 0);
  return counts.length === 0 ? 'none' : counts.map(([what, count]) => `${count} ${what}`).join(', ');
}

/** One cell for what all clients have in common; otherwise one after the other. */
function cell(measured: Measurements, say: (each: Measured) => string | number): string | number {
  const said = [...new Set([...measured.values()].map(say))];
  return said.length === 1 ? said[0]! : said.join(' / ');
}

/** A table for each group of failures. */
export function tablesOf(groups: ReadonlyMap<string, ReadonlyMap<string, Measurements>>): string {
  const parts = [...groups].map(([title, failures]) => {
    const lines = [...failures].map(([name, measured]) => [
      name,
      cell(measured, (each) => outcome(each.outcome)),
      cell(measured, (each) => each.attempts),
      cell(measured, (each) => each.seen),
      cell(measured, (each) => sockets(each.sockets)),
      cell(measured, (each) => each.seconds),
    ]);
    return `### ${title}\n\n${table(['failure', 'caller gets', 'attempts', 'seen', 'sockets', 'seconds'], lines)}`;
  });
  return parts.join('\n\n');
}
