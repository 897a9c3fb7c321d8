/**
 * The network of the outbound soak, in a process of its own: a server that answers in every way there is, behind the
 * proxy that fails by chance. What it takes of memory and sockets is none of the client's.
 */
import {
  type Act,
  breakAt,
  chunked,
  dripped,
  garbage,
  gzip,
  interim,
  type Place,
  redirect,
  reply,
  retryAfter,
  type Step,
  wrongLength,
} from '../../network/acts.ts';
import type { Break, Fault } from '../../network/faults.ts';
import { HttpServer } from '../../network/http-server.ts';
import { FaultProxy } from '../../network/proxy.ts';
import { Chance } from './chance.ts';

/** The sizes of bodies, so that the client can see whether it got all of one. */
export const LENGTH = 'x-length';

const body = (length: number, status = 200): Act =>
  reply({ status, headers: { [LENGTH]: `${length}` }, body: 'x'.repeat(length) });

const PLACES: readonly Place[] = ['request', 'answer', 'headers', 'body'];
const ENDS: readonly Step[] = [{ kind: 'end' }, { kind: 'reset' }, { kind: 'stall' }];

const ANSWERS: Readonly<Record<string, readonly [weight: number, act: (chance: Chance) => Act]>> = {
  short: [400, (chance) => body(chance.below(2_000))],
  long: [40, (chance) => body(chance.below(400_000))],
  chunked: [60, () => chunked(['one ', 'two ', 'three'])],
  gzip: [30, () => gzip('long '.repeat(1_000))],
  echo: [60, () => [{ kind: 'read' }, { kind: 'echo' }]],
  empty: [20, () => reply({ status: 204 })],
  early: [20, () => [{ kind: 'read' }, interim(103, { link: '</a>' }), ...body(10)]],
  refused: [40, (chance) => body(200, [400, 404, 409][chance.below(3)])],
  failed: [60, (chance) => body(chance.below(10_000), [500, 501, 502, 503, 504][chance.below(5)])],
  'failed at length': [5, () => body(300_000, 503)],
  limited: [20, () => reply({ status: 429 })],
  hint: [10, () => retryAfter(0, 503)],
  moved: [50, (chance) => redirect('/moved', [301, 302, 303, 307, 308][chance.below(5)])],
  slow: [30, (chance) => [{ kind: 'read' }, { kind: 'wait', ms: chance.below(150) }, ...body(100)]],
  dripped: [5, () => dripped(1, { headers: { [LENGTH]: '20' }, body: 'x'.repeat(20) })],
  truncated: [10, () => chunked(['one '], { truncated: true })],
  'wrong length': [10, () => wrongLength('short', 10)],
  garbage: [10, () => garbage],
  broken: [60, (chance) => breakAt(PLACES[chance.below(4)]!, ENDS[chance.below(3)]!)],
};

const WEIGHTS = Object.fromEntries(Object.entries(ANSWERS).map(([name, [weight]]) => [name, weight]));

/** What ends a connection, somewhere on its way. */
function anyBreak(chance: Chance): Break {
  const at = chance.below(300_000);
  const after = chance.below(2) === 0 ? { request: at / 10 } : { response: at };
  switch (chance.of({ reset: 5, cut: 5, stall: 2, 'half-open': 1 })) {
    case 'reset':
      return { kind: 'reset', after };
    case 'cut':
      return { kind: 'cut', after };
    case 'stall':
      return { kind: 'stall', after };
    default:
      return { kind: 'half-open', gone: chance.below(2) === 0 ? 'client' : 'target', after };
  }
}

/** Every connection breaks in the end; some are slow until then. */
function anyFaults(chance: Chance): Fault[] {
  const faults: Fault[] = [anyBreak(chance)];
  const pace = chance.of({ none: 8, delay: 1, throttle: 1 });
  if (pace === 'delay') faults.push({ kind: 'delay', ms: chance.below(10), jitterMs: 20 });
  if (pace === 'throttle') faults.push({ kind: 'throttle', bytesPerSecond: 50_000 + chance.below(500_000) });
  return faults;
}

/** The port is closed once in so many connections, for so many milliseconds. */
const REFUSES = 500;
const REFUSAL_MS = 200;
/** Once in so many, whatever is open is struck at once. */
const STRIKES = 400;

/** What the client asks for by message, and the answer to each. */
export interface NetworkState {
  readonly url: string;
  /** Requests that reached the server. */
  readonly requests: number;
  /** Requests that the server still works on. */
  readonly running: number;
  /** Connections that the proxy made. */
  readonly connections: number;
  readonly refusals: number;
}

/** Serves. The parent is told the state: at first, and after each message, which makes all quiet. */
async function network(seed: number): Promise<void> {
  const send = (state: NetworkState): void => void process.send!(state);
  const [answers, faults] = [new Chance(seed), new Chance(seed + 1)];
  const server = await HttpServer.start();
  server.script = () => {
    server.requests = [];
    return ANSWERS[answers.of(WEIGHTS)]![1](answers);
  };
  const proxy = await FaultProxy.start({ port: server.port, seed });
  let refusals = 0;
  let refused: Promise<void> | undefined;
  const refuse = (): void => {
    refusals++;
    proxy.refuse();
    refused = new Promise((resolve) => {
      setTimeout(() => {
        refused = undefined;
        resolve(proxy.listen());
      }, REFUSAL_MS);
    });
  };
  proxy.plan = (nth) => {
    if (nth % STRIKES === 0) proxy.strike(anyBreak(faults));
    if (nth % REFUSES === 0 && refused === undefined) setImmediate(refuse);
    return anyFaults(faults);
  };
  const state = (): NetworkState => {
    const { running, total } = server;
    return { url: proxy.url, requests: total, running, connections: proxy.total, refusals };
  };
  process.on('message', async () => {
    const before = state();
    await refused;
    await proxy.close();
    await server.idle();
    await proxy.listen();
    send(before);
  });
  send(state());
}

await network(Number(process.argv[2]));
