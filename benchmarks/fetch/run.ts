/**
 * `npm run bench:fetch`: what `resilientFetch()` costs on a real GET over loopback, body read, beside the plain fetch.
 * Both take turns, round by round, in the other order each time; what is reported is the median of the ratios within a
 * round, with plain fetch beside itself to show the noise.
 *
 *   --rounds N   default 60
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { resilientFetch } from 'holdfast/fetch';
import { spread } from '../measure.ts';

/** A collection of garbage takes as long as hundreds of requests: a batch has to be long enough for several. */
const REQUESTS = 5_000;
const AT_ONCE = 20;

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } }).values;

const server = fork(new URL('server.ts', import.meta.url));
const [port] = (await once(server, 'message')) as [number];
const url = `http://127.0.0.1:${port}/items/42`;

type Get = () => Promise<unknown>;
const plain: Get = () => fetch(url).then((response) => response.json());
const again: Get = () => fetch(url).then((response) => response.json());
const ours = resilientFetch();
const wrapped: Get = () => ours(url).then((response) => response.json());

/** Microseconds a request: of time, and of the processor's. */
interface Taken {
  readonly time: number;
  readonly cpu: number;
}

async function measure(get: Get): Promise<Taken> {
  const [start, usage] = [performance.now(), process.cpuUsage()];
  let left = REQUESTS;
  const work = async (): Promise<void> => {
    while (left-- > 0) await get();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const { user, system } = process.cpuUsage(usage);
  return { time: ((performance.now() - start) / REQUESTS) * 1_000, cpu: (user + system) / REQUESTS };
}

const candidates = [plain, again, wrapped];
for (const get of candidates) for (let i = 0; i < 3; i++) await measure(get);

const ratios = { time: { noise: [], ours: [] }, cpu: { noise: [], ours: [] } } as Record<
  'time' | 'cpu',
  Record<'noise' | 'ours', number[]>
>;
const plainTimes: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const taken: Taken[] = [];
  for (let turn = 0; turn < candidates.length; turn++) {
    const which = (round + turn) % candidates.length;
    taken[which] = await measure(candidates[which] as Get);
  }
  const [first, second, mine] = taken as [Taken, Taken, Taken];
  plainTimes.push(first.time);
  for (const what of ['time', 'cpu'] as const) {
    const base = (first[what] + second[what]) / 2;
    ratios[what].noise.push(second[what] / first[what]);
    ratios[what].ours.push(mine[what] / base);
  }
}
server.disconnect();

const shown = (values: number[]): string => {
  const { median, p10, p90 } = spread(values);
  return `${median.toFixed(3)} (${p10.toFixed(3)} to ${p90.toFixed(3)})`;
};
console.log(`plain fetch: ${spread(plainTimes).median.toFixed(1)} µs a request, ${AT_ONCE} at once`);
for (const what of ['time', 'cpu'] as const) {
  console.log(
    `${what}: resilientFetch ${shown(ratios[what].ours)} of plain; plain beside itself ${shown(ratios[what].noise)}`,
  );
}
