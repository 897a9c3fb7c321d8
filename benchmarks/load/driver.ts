/** Drives a service with autocannon, and keeps what became of each request. */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from './requests.ts';

// It brings no types; this is what is used of it here.
interface Client {
  on(event: 'request', listener: () => void): void;
  on(event: 'response', listener: (status: number, bytes: number, ms: number) => void): void;
}
interface Run extends PromiseLike<unknown> {
  stop(): void;
}
interface Options {
  readonly url: string;
  readonly connections: number;
  readonly connectionRate?: number;
  /** Seconds, as the others. */
  readonly duration: number;
  readonly timeout: number;
  /** Milliseconds, and how long it takes to stop. */
  readonly sampleInt: number;
  readonly histograms: Readonly<Record<'latencies' | 'requests' | 'throughput', object>>;
  readonly skipAggregateResult: true;
  setupClient(client: Client): void;
}
const require = createRequire(import.meta.url);
const autocannon = require('autocannon') as (options: Options) => Run;

export interface Target {
  readonly port: number;
  readonly route: string;
  readonly connections: number;
  /** Requests a second on each connection; without it, the next follows when the last was answered. */
  readonly rate?: number;
}

export interface Load {
  readonly requests: readonly Request[];
  stop(): Promise<void>;
}

type Sent = { -readonly [Key in keyof Request]: Request[Key] };

const LONGER_THAN_ALL_S = 3_600;

// Each of hundreds of runs would have three of a megabyte, and pack them up at its end.
const ignore = (): void => {};
const none = {
  recordValue: ignore,
  recordValueWithExpectedInterval: ignore,
  destroy: ignore,
  __custom: true,
};

/** Resolves when all connections are at work. */
export async function drive({ port, route, connections, rate }: Target): Promise<Load> {
  const requests: Request[] = [];
  const setupClient = (client: Client): void => {
    let current: Sent;
    client.on('request', () => {
      current = { sentAt: performance.now(), status: undefined, ms: undefined };
      requests.push(current);
    });
    client.on('response', (status, _, ms) => {
      current.status = status;
      current.ms = ms;
    });
  };
  const run = (connections: number): Run =>
    autocannon({
      url: `http://127.0.0.1:${port}${route}`,
      connections,
      ...(rate !== undefined && { connectionRate: rate }),
      duration: LONGER_THAN_ALL_S,
      timeout: LONGER_THAN_ALL_S,
      // A tick each of every run: of hundreds they add up.
      sampleInt: rate === undefined ? 20 : 200,
      histograms: { latencies: none, requests: none, throughput: none },
      skipAggregateResult: true,
      setupClient,
    });
  const runs: Run[] = [];
  if (rate === undefined) runs.push(run(connections));
  else {
    // It sends what a connection has for a second one after the other, and then waits: so they begin spread over one.
    const begin = performance.now();
    for (let i = 0; i < connections; i++) {
      await sleep(Math.max(0, begin + (i * 1_000) / connections - performance.now()));
      runs.push(run(1));
    }
  }
  const stop = async (): Promise<void> => {
    for (const each of runs) each.stop();
    await Promise.all(runs);
  };
  return { requests, stop };
}
