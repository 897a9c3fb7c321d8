import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { Fault } from './faults.ts';
import { Listener } from './listener.ts';
import { FaultProxy } from './proxy.ts';

/** What came in at one end of a line: the text, and then `FIN`, or the code of an error. */
class End {
  text = '';
  how: string | undefined;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    const heard = (how: string): void => {
      this.how ??= how;
      changed();
    };
    socket.on('data', (bytes) => {
      this.text += bytes;
      changed();
    });
    socket.on('end', () => heard('FIN'));
    socket.on('error', (error: NodeJS.ErrnoException) => heard(error.code ?? error.message));
    socket.on('close', changed);
  }
}

let target: Listener;
let proxy: FaultProxy;
let clock: VirtualClock;
/** The target's ends, in the order in which they came. */
let served: End[];
const clients: Socket[] = [];
const changed = (): void => target.changed();
const until = (isSo: () => boolean): Promise<void> => target.until(isSo);

beforeEach(async () => {
  served = [];
  clock = new VirtualClock();
  target = await Listener.start((socket) => void served.push(new End(socket)));
  proxy = await FaultProxy.start({ port: target.port, clock });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await target.close();
  expect([proxy.open, target.open, clock.pendingTimers]).toEqual([0, 0, 0]);
});

function dial(): End {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  clients.push(socket);
  return new End(socket);
}

/** A client and the target's end of its line, over which a word each way has passed before the faults came. */
async function talk(...faults: Fault[]): Promise<{ client: End; server: End }> {
  const nth = served.length;
  const client = dial();
  client.socket.write('hi');
  await until(() => served[nth]?.text === 'hi');
  const server = served[nth] as End;
  server.socket.write('ho');
  await until(() => client.text === 'ho');
  proxy.strike(...faults);
  return { client, server };
}

it('passes bytes and the end of them both ways, and counts them', async () => {
  const { client, server } = await talk();
  client.socket.end('bye');
  await until(() => server.how === 'FIN');
  server.socket.end('farewell'); // a side that has ended may still listen
  await until(() => client.how === 'FIN');
  expect([server.text, client.text]).toEqual(['hibye', 'hofarewell']);
  await proxy.until(() => proxy.open === 0);
  expect([proxy.total, proxy.bytes]).toEqual([1, { request: 5, response: 10 }]);
});

it('passes a reset on as a reset', async () => {
  const { client, server } = await talk();
  client.socket.resetAndDestroy();
  await until(() => server.how !== undefined);
  expect(server.how).toBe('ECONNRESET');
});

it('resets the client of a target that cannot be reached', async () => {
  await target.close();
  const client = dial();
  await until(() => client.how !== undefined);
  expect(client.how).toBe('ECONNRESET');
});

it('delays each way, and holds nothing more once the delay is lifted', async () => {
  const { client, server } = await talk({ kind: 'delay', ms: 1_000 });
  client.socket.write('!');
  await proxy.until(() => clock.pendingTimers === 1);
  await clock.advance(999);
  expect(server.text).toBe('hi');
  await clock.advance(1);
  await until(() => server.text === 'hi!');
  server.socket.write('!');
  await proxy.until(() => clock.pendingTimers === 1);
  proxy.use();
  await until(() => client.text === 'ho!');
  expect(clock.pendingTimers).toBe(0);
});

it('draws jitter from a seed, and keeps the order', async () => {
  const { client, server } = await talk({ kind: 'delay', ms: 100, jitterMs: 900 });
  client.socket.write('!');
  await proxy.until(() => clock.pendingTimers === 1);
  // The third number of seed 1: the first two went to the words of the greeting.
  const { random } = new VirtualClock({ seed: 1 });
  const [, , luck] = [random(), random(), random()];
  await clock.advance(99 + luck * 900);
  expect(server.text).toBe('hi');
  await clock.advance(2);
  await until(() => server.text === 'hi!');
});

it('throttles to so many bytes a second', async () => {
  const { client, server } = await talk({ kind: 'throttle', bytesPerSecond: 100 });
  client.socket.write('x'.repeat(50));
  await proxy.until(() => clock.pendingTimers === 1);
  const began = clock.now();
  for (let bytes = 5; bytes <= 50; bytes += 5) {
    await proxy.until(() => clock.pendingTimers === 1);
    await clock.advance(50);
    await until(() => server.text.length === 2 + bytes);
  }
  expect(clock.now() - began).toBe(500);
});

it('stalls both ways from now, and goes on where it was when the stall is lifted', async () => {
  const { client, server } = await talk({ kind: 'stall' });
  client.socket.write('one');
  server.socket.write('two');
  await proxy.until(() => proxy.held === 6);
  expect([server.text, client.text]).toEqual(['hi', 'ho']);
  proxy.use();
  await until(() => server.text === 'hione' && client.text === 'hotwo');
});

it('stalls one direction after so many bytes', async () => {
  const { client, server } = await talk({ kind: 'stall', after: { response: 3 } });
  server.socket.write('12345');
  client.socket.write('12345');
  await until(() => server.text === 'hi12345' && client.text.length === 5);
  expect(client.text).toBe('ho123');
  proxy.use();
  await until(() => client.text === 'ho12345');
});

it('a stall tells a side that the other has closed', async () => {
  const { client, server } = await talk({ kind: 'stall' });
  client.socket.end('lost');
  await until(() => server.how === 'FIN');
  expect(server.text).toBe('hi');
});

it.each([
  ['response', 'ho12', 'hi'],
  ['request', 'ho', 'hi12'],
] as const)('cuts in good order after so many bytes of the %s', async (direction, heard, said) => {
  const after = direction === 'request' ? { request: 2 } : { response: 2 };
  const { client, server } = await talk({ kind: 'cut', after });
  (direction === 'request' ? client : server).socket.write('1234');
  await until(() => client.how !== undefined && server.how !== undefined);
  expect([client, server].map(({ text, how }) => [text, how])).toEqual([
    [heard, 'FIN'],
    [said, 'FIN'],
  ]);
});

it.each([
  ['at once', undefined, 'ho', 'hi'],
  ['after so many bytes of the request', { request: 2 }, 'ho', 'hi12'],
  ['after so many bytes of the response', { response: 2 }, 'ho12', 'hi1234'],
] as const)('resets both sides %s', async (_when, after, heard, said) => {
  const { client, server } = await talk({ kind: 'reset', ...(after && { after }) });
  client.socket.write('1234');
  if (after !== undefined && 'response' in after) {
    await until(() => server.text === said);
    server.socket.write('1234');
  }
  await until(() => client.how !== undefined && server.how !== undefined);
  expect([client.how, server.how]).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect([client.text, server.text]).toEqual([heard, said]);
});

it('a reset at accept never reaches the target', async () => {
  proxy.use({ kind: 'reset' });
  const client = dial();
  await until(() => client.how !== undefined);
  expect([client.how, target.total, proxy.total]).toEqual(['ECONNRESET', 0, 1]);
});

it.each(['client', 'target'] as const)(
  'half-open: the %s is gone, and the other is not told',
  async (gone) => {
    const { client, server } = await talk({ kind: 'half-open', gone });
    const [left, right] = gone === 'client' ? [client, server] : [server, client];
    await until(() => left.how === 'FIN');
    right.socket.write('are you there?');
    await talk(); // a whole exchange elsewhere, by which it would have heard
    expect([right.how, right.socket.destroyed]).toEqual([undefined, false]);
    // The one that is left gives up.
    right.socket.end();
    await until(() => right.how === 'FIN');
  },
);

it('refuses, while connections that are open go on, and listens again on the same port', async () => {
  const { client, server } = await talk();
  const { port } = proxy;
  proxy.refuse();
  const refused = dial();
  await until(() => refused.how !== undefined);
  expect(refused.how).toBe('ECONNREFUSED');
  client.socket.write('!');
  await until(() => server.text === 'hi!');
  await proxy.listen();
  expect(proxy.port).toBe(port);
  await talk();
});

it('follows a plan by the number of the connection, and strikes only those that are open', async () => {
  proxy.plan = (nth) => (nth === 2 ? [{ kind: 'reset' }] : []);
  const { client } = await talk();
  const second = dial();
  await until(() => second.how !== undefined);
  proxy.strike({ kind: 'cut' });
  await until(() => client.how !== undefined);
  expect([client.how, second.how]).toEqual(['FIN', 'ECONNRESET']);
  await talk();
});

it('slows the sender down when it holds a megabyte', async () => {
  const { client } = await talk({ kind: 'stall' });
  client.socket.write(Buffer.alloc(8 * 1024 * 1024));
  await proxy.until(() => proxy.held > 1024 * 1024);
  await talk();
  expect(proxy.held).toBeLessThan(2 * 1024 * 1024);
  proxy.use();
  await proxy.until(() => proxy.bytes.request > 8 * 1024 * 1024);
});

it('resets also what is just being closed in good order', async () => {
  const { client, server } = await talk();
  client.socket.end();
  // The next change is that the end has come, and is passed on at this moment.
  let looks = 0;
  await proxy.until(() => looks++ > 0);
  proxy.strike({ kind: 'reset' });
  await until(() => server.how !== undefined);
  await proxy.until(() => proxy.open === 0);
});
