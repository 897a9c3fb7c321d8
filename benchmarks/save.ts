/** Keeps a result: as data, as a page of tables, and within the docs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdown, type Result } from './report.ts';

const ROOT = dirname(import.meta.dirname);
const BEGIN = '<!-- the result of npm run bench -- --save -->';
const END = '<!-- end of the result -->';

/** The page with what stands between the two marks replaced. */
export function inserted(page: string, tables: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no '${BEGIN}' with '${END}' after it`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n${page.slice(end)}`;
}

/** Writes the files, and says which. */
export function save(result: Result): string[] {
  const major = result.machine.node.split('.')[0];
  const tables = markdown(result);
  const data = join('benchmarks', 'results', `node-${major}.json`);
  const table = join('benchmarks', 'results', `node-${major}.md`);
  const page = join('docs', 'performance.md');
  mkdirSync(join(ROOT, 'benchmarks', 'results'), { recursive: true });
  writeFileSync(join(ROOT, data), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(ROOT, table), tables);
  writeFileSync(join(ROOT, page), inserted(readFileSync(join(ROOT, page), 'utf8'), tables));
  return [data, table, page];
}
