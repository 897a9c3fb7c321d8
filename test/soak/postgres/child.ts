/** The process of the soak that talks to Postgres: the library alone, as it was built. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Ready } from './network.ts';
import { soak } from './soak.ts';

const network = fork(resolve('test/soak/postgres/network.ts'), [], { execArgv: [] });
const ask = async (what: string): Promise<unknown> => {
  network.send(what);
  const [answer] = await once(network, 'message');
  return answer;
};
const start = performance.now();
const soaked = await soak(
  Number(process.argv[2]),
  (await ask('start')) as Ready,
  async () => void (await ask('quiet')),
  ({ calls, bytes }) => {
    const seconds = ((performance.now() - start) / 1_000).toFixed();
    console.error(`postgres: ${calls} calls, ${bytes} bytes in use, ${seconds} s`);
  },
);
network.disconnect();
process.send!(soaked, () => process.disconnect());
