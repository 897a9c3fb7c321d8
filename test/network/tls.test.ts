import { once } from 'node:events';
import { get } from 'node:https';
import { afterEach, expect, it } from 'vitest';
import { track } from '../support/jobs.ts';
import { breakAt, reply } from './acts.ts';
import { failingLookup, unknownHost } from './dns.ts';
import { HttpServer } from './http-server.ts';
import { authority, type Tls } from './tls.ts';

let server: HttpServer;
afterEach(async () => {
  await server?.close();
  expect(server?.sockets.open ?? 0).toBe(0);
});

async function start(tls: Tls): Promise<void> {
  server = await HttpServer.start({ tls });
  server.script = ({ path }) => reply({ body: path });
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/** What a client that trusts the authority gets: the text, or the code of the error. */
async function trusting(): Promise<string> {
  try {
    const request = get(`${server.url}/it`, { ca: authority, agent: false });
    request.on('error', () => {}); // also after the response has come
    const [response] = await once(request, 'response');
    let text = '';
    for await (const bytes of response) text += bytes;
    return text;
  } catch (error) {
    return codeOf(error);
  }
}

/** What fetch, which trusts nobody here, fails with. */
const fetched = (url: string): Promise<string> =>
  fetch(url).then(
    ({ status }) => String(status),
    ({ cause }) => codeOf(cause),
  );

it.each<[Tls['certificate'], string, string]>([
  ['good', '/it', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['expired', 'CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED'],
  ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
])('a certificate that is %s', async (certificate, seen, seenByFetch) => {
  await start({ certificate });
  expect(await trusting()).toBe(seen);
  expect(await fetched(server.url)).toBe(seenByFetch);
  await server.idle();
  expect(server.total).toBe(certificate === 'good' ? 1 : 0);
});

it('a handshake that is reset', async () => {
  await start({ certificate: 'good', handshake: 'reset' });
  expect(await trusting()).toBe('ECONNRESET');
  expect(await fetched(server.url)).toBe('ECONNRESET');
  await server.idle();
});

it('a handshake that stalls until its client gives up', async () => {
  await start({ certificate: 'good', handshake: 'stall' });
  const request = get(server.url, { ca: authority, agent: false });
  const given = track(once(request, 'response'));
  await server.until(() => server.sockets.open === 1);
  expect(given.state).toBe('pending');
  request.destroy(new Error('given up'));
  await server.idle();
  expect(given.error).toMatchObject({ message: 'given up' });
});

it('acts work over TLS, and sockets are counted', async () => {
  await start({ certificate: 'good' });
  server.script = ({ nth }) => breakAt('body', { kind: nth === 1 ? 'reset' : 'end' });
  expect(await trusting()).toBe('ECONNRESET');
  expect(await trusting()).toBe('ECONNRESET'); // node:http's "aborted"
  await server.idle();
  expect(server.sockets).toEqual({ open: 0, total: 2, closedByClient: 0 });
  server.script = () => breakAt('answer', { kind: 'stall' });
  const request = get(server.url, { ca: authority, agent: false }).on('error', () => {});
  await server.until(() => server.running === 1);
  request.destroy();
  await server.idle();
  expect([server.deserted, server.sockets.closedByClient]).toEqual([1, 1]);
});

it('a name that cannot be resolved', async () => {
  expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(await fetched(`http://${unknownHost}`));
  for (const code of ['ENOTFOUND', 'EAI_AGAIN'] as const) {
    const request = get(`https://${unknownHost}`, { lookup: failingLookup(code) });
    await expect(once(request, 'response')).rejects.toMatchObject({ code, syscall: 'getaddrinfo' });
  }
});
