/** Outbound HTTP against a real server: through the runtime's own `fetch`, and on Node through undici. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  bulkhead,
  circuitBreaker,
  constant,
  isRejection,
  type Policy,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { DEADLINE_HEADER, HttpError, remainingMs, resilientFetch } from 'holdfast/fetch';
import { resilience } from 'holdfast/undici';
import type { Agent } from 'undici';
import { errorOf } from '../support/spies.ts';
import { about, type Behaviour } from './suite/behaviour.ts';

/** What the server does with the requests, of which it is told the number. */
type Script = (nth: number, response: ServerResponse, request: IncomingMessage) => void;

interface Stand {
  readonly url: string;
  /** Requests so far. */
  seen(): number;
  /** Resolves when the first request is there. */
  readonly arrived: Promise<void>;
  /** Resolves when a client goes away, perhaps before its request is there. */
  readonly deserted: Promise<void>;
}

/** A behaviour of fetch on a server with this script, which is closed afterwards. */
const on = (script: Script, act: (stand: Stand) => Promise<void>) => async (): Promise<void> => {
  let seen = 0;
  const server = createServer((request, response) => script(++seen, response, request));
  const arrived = new Promise<void>((resolve) => server.once('request', () => resolve()));
  const deserted = new Promise<void>((resolve) => {
    server.once('connection', (socket) => socket.once('close', () => resolve()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await act({ url, seen: () => seen, arrived, deserted });
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const through = (...policies: Policy[]) => resilientFetch({ pipeline: pipeline('api', ...policies) });
const again = () => retry({ retries: 2, backoff: constant(1), budget: false });

const busyTwice: Script = (nth, response) =>
  void (nth < 3 ? response.writeHead(503).end('busy') : response.end('done'));
const hung: Script = () => {};
const stalled: Script = (_, response) =>
  void response.writeHead(200, { 'content-length': '10' }).write('01234');

const withFetch: Behaviour[] = about('fetch', {
  'is a drop-in without options': on(
    (_, response) => void response.end('well'),
    async ({ url }) => {
      const fetch = resilientFetch();
      assert.equal(await (await fetch(url)).text(), 'well');
      assert.equal(fetch.pipeline.size, 1);
    },
  ),
  'tries a 503 again': on(busyTwice, async ({ url, seen }) => {
    assert.equal(await (await through(again())(url)).text(), 'done');
    assert.equal(seen(), 3);
  }),
  'sends a POST once, and returns its 503 whole': on(busyTwice, async ({ url, seen }) => {
    const response = await through(again())(url, { method: 'POST', body: 'x' });
    assert.deepEqual([response.status, await response.text(), seen()], [503, 'busy', 1]);
  }),
  'sends a Request with a body again': on(busyTwice, async ({ url, seen }) => {
    const response = await through(again())(new Request(url, { method: 'PUT', body: 'x' }));
    assert.deepEqual([response.status, seen()], [200, 3]);
  }),
  'tries a connection that breaks again': on(
    (nth, response, request) => void (nth === 1 ? request.socket.destroy() : response.end('well')),
    async ({ url }) => {
      assert.equal(await (await through(again())(url, { method: 'PUT' })).text(), 'well');
    },
  ),
  'heeds a hint that is too long': on(
    (_, response) => void response.writeHead(429, { 'retry-after': '61' }).end(),
    async ({ url, seen }) => {
      assert.equal((await through(again())(url)).status, 429);
      assert.equal(seen(), 1);
    },
  ),
  'opens a circuit on 500, and then sends nothing': on(
    (_, response) => void response.writeHead(500).end(),
    async ({ url, seen }) => {
      const fetch = through(circuitBreaker({ consecutiveFailures: 1 }));
      assert.equal((await fetch(url)).status, 500);
      assert(isRejection(await errorOf(fetch(url))));
      assert.equal(seen(), 1);
    },
  ),
  'closes the socket at a time-out': on(hung, async ({ url, deserted }) => {
    assert((await errorOf(through(timeout({ ms: 50 }))(url))) instanceof TimeoutError);
    await deserted;
  }),
  "closes the socket at the caller's abort": on(hung, async ({ url, arrived, deserted }) => {
    const caller = new AbortController();
    void arrived.then(() => caller.abort('left'));
    assert.equal(await errorOf(through(timeout({ ms: 60_000 }))(url, { signal: caller.signal })), 'left');
    await deserted;
  }),
  'holds a body to the deadline of its call, but no place': on(stalled, async ({ url, deserted }) => {
    const places = bulkhead({ concurrency: 1 });
    const response = await through(timeout({ ms: 500 }), places)(url);
    assert.equal(places.inFlight, 0);
    const error = await errorOf(response.text());
    assert(error instanceof TimeoutError && error.policy === 'body', String(error));
    await deserted;
  }),
  'lets the caller abort a body': on(stalled, async ({ url, deserted }) => {
    const caller = new AbortController();
    const response = await through(timeout({ ms: 60_000 }))(url, { signal: caller.signal });
    const text = errorOf(response.text());
    caller.abort(new Error('left'));
    assert.equal(((await text) as Error).message, 'left');
    await deserted;
  }),
  'is not kept alive by a body that nobody reads': on(stalled, async ({ url }) => {
    await through(timeout({ ms: 60_000 }))(url);
  }),
  'throws an answer that failed, where asked': on(busyTwice, async ({ url }) => {
    const fetch = resilientFetch({ pipeline: pipeline('api'), throwOnFailure: true });
    const error = await errorOf(fetch(url));
    assert(error instanceof HttpError && error.status === 503);
    assert.equal(await error.response.text(), 'busy');
  }),
  'passes the deadline on': on(
    (_, response, request) => void response.end(String(remainingMs(request.headers))),
    async ({ url }) => {
      const fetch = resilientFetch({
        pipeline: pipeline('api', timeout({ ms: 60_000 })),
        deadlineHeader: DEADLINE_HEADER,
      });
      const left = Number(await (await fetch(url)).text());
      assert(left > 0 && left <= 60_000);
    },
  ),
});

/** undici is a client for Node: elsewhere it is no peer. */
const onNode = process.versions.bun === undefined && process.versions.deno === undefined;

/** An agent of undici with these policies, which is closed afterwards. */
const withAgent =
  (
    act: (send: (url: string, init?: object) => Promise<{ status: number; text: string }>) => Promise<void>,
    ...policies: Policy[]
  ) =>
  async (): Promise<void> => {
    const undici = await import('undici');
    const agent: Agent = new undici.Agent();
    const dispatcher = agent.compose(resilience({ pipeline: pipeline('api', ...policies) }));
    try {
      await act(async (url, init) => {
        const { statusCode, body } = await undici.request(url, { dispatcher, ...init });
        return { status: statusCode, text: await body.text() };
      });
    } finally {
      await agent.destroy();
    }
  };

const withUndici: Behaviour[] = about('undici', {
  'tries a 503 again': on(busyTwice, ({ url, seen }) =>
    withAgent(async (send) => {
      assert.deepEqual(await send(url), { status: 200, text: 'done' });
      assert.equal(seen(), 3);
    }, again())(),
  ),
  'sends a POST once, and passes its 503 on whole': on(busyTwice, ({ url, seen }) =>
    withAgent(async (send) => {
      assert.deepEqual(await send(url, { method: 'POST', body: 'x' }), { status: 503, text: 'busy' });
      assert.equal(seen(), 1);
    }, again())(),
  ),
  'closes the socket at a time-out': on(hung, ({ url, deserted }) =>
    withAgent(
      async (send) => {
        assert((await errorOf(send(url))) instanceof TimeoutError);
        await deserted;
      },
      timeout({ ms: 50 }),
    )(),
  ),
  "closes the socket at the caller's abort": on(hung, ({ url, arrived, deserted }) =>
    withAgent(
      async (send) => {
        const caller = new AbortController();
        void arrived.then(() => caller.abort(new Error('left')));
        assert.equal(((await errorOf(send(url, { signal: caller.signal }))) as Error).message, 'left');
        await deserted;
      },
      timeout({ ms: 60_000 }),
    )(),
  ),
  'holds a body to the deadline of its call': on(stalled, ({ url, deserted }) =>
    withAgent(
      async (send) => {
        const error = await errorOf(send(url));
        assert(error instanceof TimeoutError && error.policy === 'body', String(error));
        await deserted;
      },
      timeout({ ms: 500 }),
    )(),
  ),
  "is a dispatcher for the runtime's own fetch": on(busyTwice, async ({ url, seen }) => {
    const { Agent } = await import('undici');
    const agent = new Agent();
    const dispatcher = agent.compose(resilience({ pipeline: pipeline('api', again()) }));
    assert.equal(await (await fetch(url, { dispatcher } as RequestInit)).text(), 'done');
    assert.equal(seen(), 3);
    await agent.destroy();
  }),
});

export const outbound: Behaviour[] = [...withFetch, ...(onNode ? withUndici : [])];
