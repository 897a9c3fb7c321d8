/**
 * `npm run test:runtimes`: packs the library, installs the tarball in an empty project, and runs the conformance suite
 * there on every runtime, from ESM and from CommonJS. Needs the registry, so it is not part of `npm test`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, fileToWrite, optionsFrom, UsageError } from '../support/command-line.ts';
import { conform, MODULE_SYSTEMS, prepare, type Row } from './conform.ts';
import { RUNTIMES, type Runtime } from './runtimes.ts';
import { figuresOf, tableOf } from './table.ts';

const names = RUNTIMES.map(({ name }) => name).join(',');
const help = `Runs the conformance suite against the packed library, on every runtime.

  npm run test:runtimes
  npm run test:runtimes -- --only node-26,bun

  --only NAMES   of ${names}
  --json FILE    writes the figures there
  --help         this

Ends with 0 if all passed, with 1 if not, with 2 on a bad option.`;

const AT_A_TIME = 2;

function chosen(only: string | undefined): readonly Runtime[] {
  if (only === undefined) return RUNTIMES;
  return only.split(',').map((name) => {
    const runtime = RUNTIMES.find((each) => each.name === name);
    if (runtime === undefined) throw new UsageError(`--only does not know '${name}'; allowed are ${names}`);
    return runtime;
  });
}

/** All of them, in order, of which a few run at the same time. */
async function conformAll(runtimes: readonly Runtime[], project: string): Promise<Row[]> {
  const results: Row[][] = [];
  const waiting = [...runtimes.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, runtime] = next;
      const rows: Row[] = [];
      results[index] = rows;
      // One after the other, so that the runtime is fetched once.
      for (const modules of MODULE_SYSTEMS) {
        const row = await conform(runtime, modules, project);
        rows.push(row);
        console.error(`${row.runtime} ${modules}: ${row.passed} passed, ${row.failures.length} failed`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results.flat();
}

await command(async () => {
  const options = optionsFrom(process.argv.slice(2), ['only', 'json']);
  if (options.help) {
    console.log(help);
    return 0;
  }
  const runtimes = chosen(options.only);
  const json = fileToWrite('json', options.json);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-runtimes-'));
  let rows: Row[];
  try {
    console.error('packing the library');
    rows = await conformAll(runtimes, await prepare(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${tableOf(rows)}`);
  const figures = figuresOf(rows);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  const { passed, failed } = figures;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
