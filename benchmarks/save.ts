/** Keeps a result: as data, as a page of tables, as a picture, and within the docs. All paths are those of the repository. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.ts';
import { markdown } from './markdown.ts';
import type { Result } from './report.ts';

const RESULTS = 'benchmarks/results';
const PAGE = 'docs/performance.md';
/** Whose result the page shows; it links to the others. */
const SHOWN = '24';

const beginOf = (command: string): string => `<!-- the result of npm run ${command} -- --save -->`;
const END = '<!-- end of the result -->';

/** The page with what stands between the two marks of a command replaced. */
export function inserted(page: string, tables: string, command = 'bench'): string {
  const mark = beginOf(command);
  const begin = page.indexOf(mark);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`the page has no '${mark}' with '${END}' after it`);
  return `${page.slice(0, begin + mark.length)}\n\n${tables}\n${page.slice(end)}`;
}

const majorOf = (node: string): string => node.split('.')[0] as string;

/** What is committed of a version of Node; undefined if nothing is. */
export function committed(node: string): Result | undefined {
  try {
    return JSON.parse(readFileSync(`${RESULTS}/node-${majorOf(node)}.json`, 'utf8')) as Result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the files, and says which. */
export function write(files: Readonly<Record<string, string>>, node: string, command: string): string[] {
  const major = majorOf(node);
  mkdirSync(RESULTS, { recursive: true });
  const written: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const [kind, extension] = name.split('.');
    const path = `${RESULTS}/${[kind, `node-${major}`].filter(Boolean).join('-')}.${extension}`;
    writeFileSync(path, text);
    written.push(path);
    if (major !== SHOWN || extension !== 'md') continue;
    writeFileSync(PAGE, inserted(readFileSync(PAGE, 'utf8'), text, command));
    written.push(PAGE);
  }
  return written;
}

export const json = (data: unknown): string => `${JSON.stringify(data, undefined, 2)}\n`;

export const save = (result: Result): string[] =>
  write(
    { '.json': json(result), '.md': markdown(result), '.svg': chart(result) },
    result.machine.node,
    'bench',
  );
