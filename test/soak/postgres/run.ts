/**
 * `npm run soak:postgres`: very many statements and transactions through a network that fails by chance, to see whether
 * anything of them stays: clients, backends of the server, listeners, timers, memory. It works on what was built.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { command, optionsFrom, wholeNumber } from '../../support/command-line.ts';
import { barsTable } from '../report.ts';
import { barsOf } from './bars.ts';
import type { Soaked } from './soak.ts';

const help = `Sends very many statements and transactions to Postgres through a proxy that fails by chance, some of which time
out or are aborted, and looks at what is left of them.

  npm run soak:postgres
  npm run soak:postgres -- --queries 10000

  --queries N    statements and transactions, 100000 unless said otherwise
  --help         this

Ends with 0 if every bar holds, with 1 if not, with 2 on a bad option.`;

await command(async () => {
  const given = optionsFrom(process.argv.slice(2), ['queries']);
  if (given.help) {
    console.log(help);
    return 0;
  }
  const queries = wholeNumber('queries', given.queries, 100_000, 2_000);
  // Code that has not run for long would be thrown away in the midst of it, and what leaks look like less.
  const execArgv = ['--expose-gc', '--no-flush-bytecode'];
  const child = fork(resolve('test/soak/postgres/child.ts'), [`${queries}`], { execArgv });
  const [soaked] = (await once(child, 'message')) as [Soaked];
  const bars = barsOf(soaked);
  const failed = bars.filter(({ holds }) => !holds).length;
  for (const [ending, times] of Object.entries(soaked.endings)) console.log(`${ending.padEnd(24)}${times}`);
  console.log(`\n${barsTable(bars)}\n\n${bars.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
