/**
 * What the soak has a process of its own do: the traffic, the keys, one queue full of calls, or requests to a network
 * that fails. The last thing it does is to print
 * one line of JSON. Such a process executes nothing but JavaScript: the garbage of a compiler would be measured too.
 */
import { countListeners } from './listeners.ts';
import type { ClientName } from './outbound/clients.ts';
import type { WayOut } from './parked.ts';
import { countSteps } from './steps.ts';

/** The library as it is built, but for the virtual clock. */
const LIBRARY = /\/dist\/(?!testing)/;

const [name, number, client] = process.argv.slice(2);
const calls = Number(number);
const start = performance.now();
const seconds = (): string => `${((performance.now() - start) / 1_000).toFixed()} s`;

async function traffic(): Promise<unknown> {
  const listeners = countListeners();
  const { soak } = await import('./traffic.ts');
  return soak(calls, listeners, (sample) =>
    console.error(`traffic: ${sample.calls} of ${calls} calls, ${sample.bytes} bytes in use, ${seconds()}`),
  );
}

async function keys(): Promise<unknown> {
  const { soakKeys } = await import('./keys.ts');
  return soakKeys(calls, (sample) =>
    console.error(`keys: ${sample.calls} of ${calls} requests, ${sample.bytes} bytes in use, ${seconds()}`),
  );
}

async function queue(way: WayOut): Promise<unknown> {
  const listeners = countListeners();
  const stepsTaken = await countSteps(LIBRARY);
  const { park } = await import('./parked.ts');
  const parked = await park(way, calls, listeners, stepsTaken);
  console.error(`a queue of ${calls}, ${way}: ${seconds()}`);
  return parked;
}

async function requests(client: ClientName): Promise<unknown> {
  const { outbound } = await import('./outbound/outbound.ts');
  return outbound(client, calls, (sample) =>
    console.error(
      `${client}: ${sample.calls} of ${calls} requests, ${sample.bytes} bytes in use, ${seconds()}`,
    ),
  );
}

const tasks: Record<string, () => Promise<unknown>> = {
  traffic,
  keys,
  outbound: () => requests(client as ClientName),
};
const chosen = tasks[name as string] ?? (() => queue(name as WayOut));
console.log(JSON.stringify(await chosen()));
