/** A downstream service: a fixed number of workers with a queue before them, and trouble at set times. */
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beChild, listen, onStart } from './child.ts';
import type { ServiceConfig } from './messages.ts';
import { seededRandom } from './random.ts';
import { services, type Trouble } from './scenario.ts';

const { route, port, scenario } = beChild<ServiceConfig>();
const { workers, workMs } = services[route];
const spread = seededRandom(scenario.seed, `work of ${route}`);
const fate = seededRandom(scenario.seed, `faults of ${route}`);

let trouble: Trouble['kind'] | undefined;
let endTrouble = () => {};
let troubleOver = Promise.resolve();

onStart((inMs) => {
  for (const phase of scenario.phases) {
    if (phase.trouble?.route !== route) continue;
    const { kind } = phase.trouble;
    setTimeout(() => {
      trouble = kind;
      troubleOver = new Promise((resolve) => {
        endTrouble = resolve;
      });
    }, inMs + phase.fromMs);
    setTimeout(() => {
      trouble = undefined;
      endTrouble();
    }, inMs + phase.toMs);
  }
});

const waiting: ServerResponse[] = [];
let busy = 0;

function takeWork(): void {
  while (busy < workers) {
    const response = waiting.shift();
    if (!response) return;
    if (response.destroyed) continue; // its caller has hung up: no worker is lost on it
    busy++;
    void serve(response).finally(() => {
      busy--;
      takeWork();
    });
  }
}

async function serve(response: ServerResponse): Promise<void> {
  // A worker that hangs stays stuck until the trouble is over, also after its caller has hung up.
  if (trouble === 'hangs') await troubleOver;
  const fails = trouble === 'fails half' && fate() < 0.5;
  await sleep(workMs.least + spread() * (workMs.most - workMs.least));
  response.writeHead(fails ? 503 : 200, { 'content-type': 'text/plain' });
  response.end(fails ? 'out of order' : `${route} says hello`);
}

const server = createServer((request, response) => {
  request.resume();
  waiting.push(response);
  takeWork();
});
listen(server, port);
