/** `npm run payments`: whether money is still right when connections break and the server is killed again and again. */
import { command, optionsFrom, wholeNumber } from '../support/command-line.ts';
import { table } from '../support/page.ts';
import { makePayments, type Paid } from './payments.ts';

const help = `Makes payments in Postgres through a network that fails by chance, while the server is killed with -9, and counts
afterwards: each that was acknowledged must be there once, none that was refused, and the sums must balance.

  npm run payments
  npm run payments -- --payments 2000 --seeds 1

  --payments N   payments for each seed, 20000 unless said otherwise
  --workers N    how many make them at once, 50 unless said otherwise
  --kills N      how often the server is killed, 5 unless said otherwise
  --seeds N      how many times all of it is done, 3 unless said otherwise
  --seed N       the first of the seeds, 1 unless said otherwise
  --help         this

Ends with 0 if everything is right, with 1 if not, with 2 on a bad option.`;

await command(async () => {
  const names = ['payments', 'workers', 'kills', 'seeds', 'seed'] as const;
  const given = optionsFrom(process.argv.slice(2), names);
  if (given.help) {
    console.log(help);
    return 0;
  }
  const payments = wholeNumber('payments', given.payments, 20_000, 100);
  const workers = wholeNumber('workers', given.workers, 50, 1);
  const kills = wholeNumber('kills', given.kills, 5, 0);
  const seeds = wholeNumber('seeds', given.seeds, 3, 1);
  const first = wholeNumber('seed', given.seed, 1, 1);
  const all: Paid[] = [];
  for (let seed = first; seed < first + seeds; seed++)
    all.push(await makePayments({ payments, workers, kills, seed }));
  const head = [
    'seed',
    'acknowledged',
    'refused',
    'unknown',
    'of these there',
    'attempts',
    'kills',
    'connections',
    's',
  ];
  const rows = all.map((paid) => [
    ...[paid.seed, paid.acknowledged, paid.refused, paid.unknown, paid.unknownThere, paid.attempts],
    ...[paid.kills, paid.breaks, paid.seconds],
  ]);
  console.log(table(head, rows));
  let failed = 0;
  for (const { seed, wrong, kills: happened, unknownThere } of all) {
    const faults = {
      ...wrong,
      'kills that did not happen': kills - happened,
      // Otherwise nothing was tried of what could go wrong.
      'no lost answer of a payment that is there': unknownThere > 0 ? 0 : 1,
    };
    for (const [what, count] of Object.entries(faults)) {
      if (count === 0) continue;
      failed++;
      console.log(`FAIL seed ${seed}: ${what}: ${count}`);
    }
  }
  const checks = all.length * (Object.keys(all[0]!.wrong).length + 2);
  console.log(`\n${checks - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
