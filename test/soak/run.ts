/**
 * `npm run soak`: very many calls, to see whether anything of them stays: memory, timers, listeners, places; and whether
 * a call costs more among very many than among few. Works on what was built.
 */
import { writeFileSync } from 'node:fs';
import { command, fileToWrite, optionsFrom, wholeNumber } from '../support/command-line.ts';
import { compile, parkApart, soakApart } from './children.ts';
import { slopeOf } from './heap.ts';
import type { Parked, WayOut } from './parked.ts';
import { barsOfQueue, barsOfTraffic, barsTable, endingsTable, queueTable } from './report.ts';

const help = `Sends very many calls through a pipeline (retry, circuit breaker, timeout, bulkhead), and parks very many in a queue.

  npm run soak
  npm run soak -- --calls 200000 --parked 20000

  --calls N      calls through the pipeline, 10000000 unless said otherwise
  --parked N     calls that wait at once, 1000000 unless said otherwise; also a tenth and a hundredth of it
  --json FILE    writes the figures there
  --help         this

Ends with 0 if every bar holds, with 1 if not, with 2 on a bad option.`;

// Said here too: a mistake on the command line is told also where nothing has been built yet.
const WAYS_OUT: readonly WayOut[] = ['drained', 'aborted', 'timed out'];

/** One after the other, since each takes much memory. */
async function parkEach(parked: number): Promise<Parked[][]> {
  const ways: Parked[][] = [];
  for (const way of WAYS_OUT) {
    const runs: Parked[] = [];
    for (const share of [100, 10, 1]) runs.push(await parkApart(way, Math.round(parked / share)));
    ways.push(runs);
  }
  return ways;
}

await command(async () => {
  const options = optionsFrom(process.argv.slice(2), ['calls', 'parked', 'json']);
  if (options.help) {
    console.log(help);
    return 0;
  }
  const calls = wholeNumber('calls', options.calls, 10_000_000, 50_000);
  const parked = wholeNumber('parked', options.parked, 1_000_000, 10_000);
  const json = fileToWrite('json', options.json);
  await compile();
  const [traffic, ways] = await Promise.all([soakApart(calls), parkEach(parked)]);
  const bars = [...barsOfTraffic(traffic), ...ways.flatMap(barsOfQueue)];
  const failed = bars.filter(({ holds }) => !holds).length;
  console.log(`\n${endingsTable(traffic)}\n\n${queueTable(ways.flat())}\n\n${barsTable(bars)}`);
  if (json !== undefined) {
    const figures = { ...traffic, slope: slopeOf(traffic.samples), queues: ways.flat(), failed };
    writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
  console.log(`\n${bars.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
