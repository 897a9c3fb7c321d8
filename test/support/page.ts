/**
 * Keeps what a page of the docs says and what was measured the same. Each measured part of a page stands between two
 * comments with its name, and is either compared with the measurement or written anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Undefined if the page says what was measured, or now does; otherwise in what the two differ. */
export function agree(
  name: string,
  measured: string,
  update: boolean,
  path = 'docs/correctness.md',
): string | undefined {
  const file = new URL(`../../${path}`, import.meta.url);
  const page = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- measured: ${name} -->`, `<!-- end: ${name} -->`];
  const start = page.indexOf(open) + open.length;
  const end = page.indexOf(close);
  if (start < open.length || end < start) return `${path} has no part ${open}`;
  const said = page.slice(start, end).trim();
  if (said === measured.trim()) return undefined;
  if (!update) return `${path} says of ${name}:\n${said}\nbut measured was:\n${measured.trim()}`;
  writeFileSync(file, `${page.slice(0, start)}\n\n${measured.trim()}\n\n${page.slice(end)}`);
  return undefined;
}

/** A table as Markdown, its columns of even width; numbers stand right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)),
  );
  const right = head.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  const width = head.map((title, i) => Math.max(3, title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (right[i] ? cell.padStart(width[i]!) : cell.padEnd(width[i]!))).join(' | ')} |`;
  const rule = width.map((w, i) => (right[i] ? `${'-'.repeat(w - 1)}:` : '-'.repeat(w)));
  return [line(head), line(rule), ...cells.map(line)].join('\n');
}
