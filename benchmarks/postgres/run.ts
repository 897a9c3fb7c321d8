/**
 * `npm run bench:postgres`: what `resilientPool()` costs on a `SELECT 1`, beside the plain pool. Both take turns, round by
 * round, in the other order each time; what is reported is the median of the ratios within a round, with the plain pool
 * beside itself to show the noise.
 *
 *   --rounds N    default 100
 *   --at-once N   callers, default 10, as many as the pool has clients
 */
import { parseArgs } from 'node:util';
import { resilientPool } from 'holdfast/postgres';
import { Pool } from 'pg';
import { Postgres } from '../../test/database/postgres.ts';
import { spread } from '../measure.ts';

const QUERIES = 2_000;
const CLIENTS = 10;

const { rounds, 'at-once': atOnce } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    'at-once': { type: 'string', default: `${CLIENTS}` },
  },
}).values;

const server = await Postgres.start({ flags: { log_statement: 'none' } });
const pools = [1, 2, 3].map(() => new Pool(server.config({ max: CLIENTS, connectionTimeoutMillis: 5_000 })));
const [first, second, third] = pools as [Pool, Pool, Pool];
const ours = resilientPool(third);

type Ask = () => Promise<unknown>;
const candidates: readonly Ask[] = [
  () => first.query('SELECT 1'),
  () => second.query('SELECT 1'),
  () => ours.query('SELECT 1'),
];

/** Microseconds a query: of time, and of the processor's. */
interface Taken {
  readonly time: number;
  readonly cpu: number;
}

async function measure(ask: Ask): Promise<Taken> {
  const [start, usage] = [performance.now(), process.cpuUsage()];
  let left = QUERIES;
  const work = async (): Promise<void> => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, work));
  const { user, system } = process.cpuUsage(usage);
  return { time: ((performance.now() - start) / QUERIES) * 1_000, cpu: (user + system) / QUERIES };
}

for (const ask of candidates) for (let i = 0; i < 10; i++) await measure(ask);

const ratios: Record<'time' | 'cpu', { noise: number[]; ours: number[] }> = {
  time: { noise: [], ours: [] },
  cpu: { noise: [], ours: [] },
};
const plainTimes: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const taken: Taken[] = [];
  for (let turn = 0; turn < candidates.length; turn++) {
    const which = (round + turn) % candidates.length;
    taken[which] = await measure(candidates[which] as Ask);
  }
  const [plain, again, mine] = taken as [Taken, Taken, Taken];
  plainTimes.push(plain.time);
  for (const what of ['time', 'cpu'] as const) {
    ratios[what].noise.push(again[what] / plain[what]);
    ratios[what].ours.push(mine[what] / ((plain[what] + again[what]) / 2));
  }
}
await Promise.all(pools.map((pool) => pool.end()));
await server.stop();

const shown = (values: number[]): string => {
  const { median, p10, p90 } = spread(values);
  return `${median.toFixed(3)} (${p10.toFixed(3)} to ${p90.toFixed(3)})`;
};
console.log(`plain pool: ${spread(plainTimes).median.toFixed(1)} µs a query, ${atOnce} at once`);
for (const what of ['time', 'cpu'] as const) {
  console.log(
    `${what}: resilientPool ${shown(ratios[what].ours)} of plain; plain beside itself ${shown(ratios[what].noise)}`,
  );
}
