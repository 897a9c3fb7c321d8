/** What a service calls, in a process of its own: a small JSON answer to everything, or none while it hangs. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = JSON.stringify({ id: '42', left: 7 });
const held: ServerResponse[] = [];
let hangs = false;

const answer = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
};
const server = createServer((_, response) => {
  if (hangs) held.push(response);
  else answer(response);
});
// A connection lasts as long as the services keep it.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

process.on('message', (message: 'hang' | 'recover') => {
  hangs = message === 'hang';
  if (!hangs) for (const response of held.splice(0)) answer(response);
  process.send?.(true);
});
process.on('disconnect', () => process.exit());
