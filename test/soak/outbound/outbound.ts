/**
 * Very many requests of `fetch` through the proxy that fails by chance, and what is left of them. Time is the system's:
 * what stalls is given up after a few tenths of a second.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { heapInUse, type Sample } from '../heap.ts';
import { Chance } from './chance.ts';
import type { ClientName } from './clients.ts';
import { type BodyEnding, becomes, type Counts, Crowd, type Ending, SOCKETS } from './crowd.ts';
import type { NetworkState } from './network.ts';

const SEED = 20_260;
const SAMPLES = 10;
/** Requests before the first that count: until then V8 compiles, and remembers what it has seen. */
const WARM_UP = 5_000;

/** What became of so many requests. */
export interface Outbound {
  readonly client: ClientName;
  /** Requests that were sent, the repeated among them, and those of them that the server saw. */
  readonly requests: number;
  readonly seen: number;
  readonly connections: number;
  readonly refusals: number;
  readonly samples: readonly Sample[];
  readonly endings: Counts<Ending>;
  readonly bodies: Counts<BodyEnding>;
  readonly left: Readonly<Record<string, number>>;
}

const alive = (kind: string): number =>
  process.getActiveResourcesInfo().filter((name) => name === kind).length;

export async function outbound(
  name: ClientName,
  requests: number,
  onSample: (sample: Sample) => void,
): Promise<Outbound> {
  const unasked = { 'unhandled rejections': 0, warnings: 0 };
  process.on('unhandledRejection', () => unasked['unhandled rejections']++);
  process.on('warning', () => unasked.warnings++);

  const network = fork(resolve('test/soak/outbound/network.ts'), [`${SEED}`], { execArgv: [] });
  const next = async (): Promise<NetworkState> => ((await once(network, 'message')) as [NetworkState])[0];
  const { url } = await next();
  const quiet = (): Promise<NetworkState> => {
    network.send('quiet');
    return next();
  };

  const crowd = new Crowd(name, url, new Chance(SEED));
  const { agent, client, callers } = crowd;
  const timersBefore = alive('Timeout');
  const samples: Sample[] = [];
  let left: Record<string, number> = {};
  await crowd.send(WARM_UP);
  for (let part = 1; part <= SAMPLES; part++) {
    await quiet();
    await crowd.send(WARM_UP + Math.round((requests * part) / SAMPLES));
    await becomes(() => crowd.busy === 0 && client.timers() === 0 && callers.listeners === 0);
    left = {
      'calls that never settled': crowd.running,
      'sockets in use': crowd.busy,
      'sockets beyond those that may be kept': Math.max(0, alive('TCPSocketWrap') - SOCKETS),
      'timers on the clock': client.timers(),
      'listeners on signals of callers': callers.listeners,
      'places held or waited for': client.places(),
    };
    const sample = { calls: crowd.sent - WARM_UP, bytes: await heapInUse() };
    samples.push(sample);
    onSample(sample);
  }
  void agent.close();
  await becomes(() => alive('TCPSocketWrap') === 0);
  const sockets = alive('TCPSocketWrap');
  const timers = alive('Timeout') - timersBefore;
  const { requests: seen, connections, refusals } = await quiet();
  network.disconnect();
  network.kill();
  return {
    client: name,
    requests: crowd.sent,
    seen,
    connections,
    refusals,
    samples,
    endings: crowd.endings,
    bodies: crowd.bodies,
    left: {
      ...left,
      'sockets after the agent has closed': sockets,
      'timers of the process': timers,
      ...unasked,
    },
  };
}
