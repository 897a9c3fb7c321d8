/**
 * Beside the instrumentations of HTTP that most services have, against a real server: each request that goes out has
 * one CLIENT span, theirs, below the attempt that sent it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type Span, SpanKind } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { constant, pipeline, retry, timeout } from 'holdfast';
import { resilientFetch } from 'holdfast/fetch';
import { instrument, resendCount } from 'holdfast/opentelemetry';
import { resilience } from 'holdfast/undici';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parentOf, registered, unregister } from './spans.ts';

const spanOf = ({ headers }: IncomingMessage): string => String(headers.traceparent).split('-')[2]!;

// Of each three requests the first two are refused.
const seen: string[] = [];
const server = createServer((incoming, response) => {
  seen.push(spanOf(incoming));
  response.writeHead(seen.length % 3 === 0 ? 200 : 503).end('answer');
});

const { provider, spans } = registered();
const attributes = () => ({ 'http.request.resend_count': resendCount() });
const instrumentations = [
  new UndiciInstrumentation({ startSpanHook: attributes }),
  new HttpInstrumentation({ disableIncomingRequestInstrumentation: true, startOutgoingSpanHook: attributes }),
];
let url: string;

beforeAll(async () => {
  for (const each of instrumentations) {
    each.setTracerProvider(provider);
    each.enable();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`;
});

beforeEach(() => {
  seen.length = 0;
});

afterAll(() => {
  for (const each of instrumentations) each.disable();
  unregister();
  server.closeAllConnections();
  server.close();
});

const policies = () => [timeout({ ms: 5_000 }), retry({ backoff: constant(1), budget: false })] as const;

/** As `node:http` is for those whom an instrumentation has given its own. */
const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');

async function get(target: string, options: RequestOptions): Promise<number> {
  const sent = http.get(target, options);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode!;
}

const demand = (status: number): number => {
  if (status !== 200) throw new Error(`answered ${status}`);
  return status;
};

/** Each way to send, and three attempts of it, of which the last is answered. */
const ways: Record<string, () => Promise<unknown>> = {
  'fetch, in an operation': () => {
    const subject = pipeline('stock', ...policies());
    instrument([subject]);
    return subject.run(async ({ signal }) => {
      const answer = await fetch(url, { signal });
      await answer.text();
      return demand(answer.status);
    });
  },
  'node:http, in an operation': () => {
    const subject = pipeline('stock', ...policies());
    instrument([subject]);
    return subject.run(async ({ signal }) => demand(await get(url, { signal, agent: false })));
  },
  resilientFetch: async () => {
    const subject = pipeline('stock', ...policies());
    instrument([subject]);
    const answer = await resilientFetch({ pipeline: subject })(url);
    await answer.text();
    return answer.status;
  },
  'an interceptor of undici': async () => {
    const subject = pipeline('stock', ...policies());
    instrument([subject]);
    const agent = new Agent();
    const dispatcher = agent.compose(resilience({ pipeline: subject }));
    const { statusCode, body } = await request(url, { dispatcher });
    await body.text();
    await agent.close();
    return statusCode;
  },
};

test.each(Object.entries(ways))('%s', async (_, send) => {
  const before = spans().length;
  expect(await send()).toBe(200);
  // The span of a request ends a moment after the answer is there.
  while (spans().length < before + 7) await new Promise((resolve) => void setImmediate(resolve));
  const made: ReadableSpan[] = spans().slice(before);
  const idOf = (span: ReadableSpan | Span): string => span.spanContext().spanId;
  const named = (name: string) => made.filter((span) => span.name === name);
  const [run, ...others] = named('run stock');
  const attempts = named('attempt stock');
  const clients = made.filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(others).toEqual([]);
  expect(attempts.map(parentOf)).toEqual([idOf(run!), idOf(run!), idOf(run!)]);
  expect(clients.map(parentOf)).toEqual(attempts.map(idOf));
  expect(clients.map(idOf)).toEqual(seen);
  expect(clients.map((span) => span.attributes['http.request.resend_count'])).toEqual([undefined, 1, 2]);
  expect(made).toHaveLength(7);
});
