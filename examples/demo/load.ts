/**
 * The clients. Their requests arrive when the seeded schedule says, whether or not earlier ones have been
 * answered (an open loop), and their latency counts from that moment: a stall cannot hide the requests that
 * would have been sent while it lasted.
 */
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beChild, onStart, tell } from './child.ts';
import type { LoadConfig, Sample } from './messages.ts';
import { seededRandom } from './random.ts';
import { clientPatienceMs, lengthMs, type Route, routes, services } from './scenario.ts';

interface Arrival {
  readonly route: Route;
  readonly dueMs: number;
}

const { gatewayPort, scenario } = beChild<LoadConfig>();
const connections = new Agent({ keepAlive: true });
let unsent: Sample[] = [];

tell({ kind: 'ready', port: 0 });
onStart(async (inMs) => {
  const begunAt = performance.now() + inMs;
  setInterval(report, 200);
  const answers: Array<Promise<void>> = [];
  for (const arrival of schedule()) {
    const wait = begunAt + arrival.dueMs - performance.now();
    if (wait > 0) await sleep(wait);
    answers.push(request(arrival, begunAt + arrival.dueMs));
  }
  await Promise.all(answers);
  report();
  tell({ kind: 'done' });
});

/** Poisson arrivals on each route, from the warm-up to the end of the script. */
function schedule(): Arrival[] {
  const arrivals = routes.flatMap((route) => {
    const random = seededRandom(scenario.seed, `arrivals of ${route}`);
    const meanGapMs = 1_000 / services[route].arrivalsPerSecond;
    const ofRoute: Arrival[] = [];
    let dueMs = -scenario.warmUpMs;
    while (true) {
      dueMs -= Math.log(1 - random()) * meanGapMs;
      if (dueMs >= lengthMs(scenario)) return ofRoute;
      ofRoute.push({ route, dueMs });
    }
  });
  return arrivals.sort((a, b) => a.dueMs - b.dueMs);
}

function request({ route, dueMs }: Arrival, dueAt: number): Promise<void> {
  return new Promise((resolve) => {
    let status = 0;
    const lateMs = performance.now() - dueAt;
    const exchange = get({ host: '127.0.0.1', port: gatewayPort, path: `/${route}`, agent: connections });
    const patience = setTimeout(() => exchange.destroy(), dueAt + clientPatienceMs - performance.now());
    exchange.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        status = response.statusCode ?? 0;
      });
    });
    exchange.on('error', () => {}); // no answer, which is what status 0 says
    exchange.on('close', () => {
      clearTimeout(patience);
      unsent.push({ route, dueMs, lateMs, latencyMs: performance.now() - dueAt, status });
      resolve();
    });
  });
}

function report(): void {
  if (unsent.length > 0) tell({ kind: 'samples', samples: unsent });
  unsent = [];
}
