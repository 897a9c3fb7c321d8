/**
 * A service with one outbound call for each request, in a process of its own. Two routes, each with policies and a
 * dependency of its own. Its arguments: whose policies, and the ports of the two dependencies.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Pool } from 'undici';
import type { Built, Context } from '../candidates/candidate.ts';
import { CANDIDATES, type Name, SETTINGS } from './candidates.ts';
import { type Answers, ROUTES } from './protocol.ts';

const [name, ...ports] = process.argv.slice(2) as [Name, ...string[]];
const { build, statusOf } = await CANDIDATES[name]();

function callsTo(port: string): Built {
  const pool = new Pool(`http://127.0.0.1:${port}`);
  const get = async (context?: Context): Promise<string> => {
    const signal = context?.signal ?? null;
    const { body } = await pool.request({ path: '/items/42', method: 'GET', signal });
    return body.text();
  };
  return build(get, SETTINGS, undefined);
}

const routes = new Map(ROUTES.map((route, i) => [route as string, callsTo(ports[i] as string)]));

const server = createServer(async (request, response) => {
  try {
    const body = (await routes.get(request.url ?? '')?.call()) as string;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  } catch (error) {
    response.writeHead(statusOf(error), { 'content-length': 0 }).end();
  }
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let since = process.cpuUsage();

const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

const ANSWERS: Answers = {
  watch() {
    delay.reset();
    since = process.cpuUsage();
    return true;
  },
  usage() {
    const { user, system } = process.cpuUsage(since);
    return {
      cpuMs: (user + system) / 1_000,
      delayP99Ms: late(delay.percentile(99)),
      delayMaxMs: late(delay.max),
    };
  },
  memory() {
    const { rss } = process.memoryUsage();
    gc?.();
    return { rss, heap: process.memoryUsage().heapUsed };
  },
};

process.on('message', (message: keyof Answers) => process.send?.(ANSWERS[message]()));
process.on('disconnect', () => process.exit());
