/** What an SDK does with `fetch`: typed calls, pages, uploads, streams of events, tools, its own retry and timeout. */
import OpenAI, { toFile } from 'openai';
import { type Act, breakAt, chunked, reply } from '../../../network/acts.ts';
import type { Sender } from './any/sent.ts';
import type { Fetch, Row } from './script.ts';

export const connect = (fetch: Fetch, url: string): OpenAI =>
  new OpenAI({ fetch, baseURL: url, apiKey: 'key', maxRetries: 0, logLevel: 'off' });

export const sender: Sender<OpenAI> = {
  send: (client, path, { method = 'GET', body, headers, signal, ...fetchOptions }) =>
    client
      .request({
        method: method.toLowerCase() as 'get',
        path,
        body,
        headers: headers as Headers,
        signal,
        fetchOptions: fetchOptions as never,
      })
      .asResponse(),
  errors: {
    status: /^(?!APIConnection|APIUser)\w+Error$/,
    unfollowed: /^APIError$/,
    network: /^APIConnectionError$/,
    abort: /^API(UserAbort|ConnectionTimeout)Error$/,
    mistake: /^APIConnectionError$/,
  },
};

const STALL = { kind: 'stall' } as const;
const MODEL = 'm';
const MESSAGES = [{ role: 'user' as const, content: 'hi' }];

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Act =>
  reply({
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': 'r1', ...headers },
    body: JSON.stringify(body),
  });

/** Fails so many times for each path; the hint is the SDK's own, in milliseconds. */
const failing =
  (times: number, status = 503): Row<unknown>['serve'] =>
  (_, nth) =>
    nth <= times
      ? json({ error: { message: `${nth}` } }, status, { 'retry-after-ms': '1' })
      : json({ id: 'last' });

const chunk = (delta: object, finish: string | null = null): object => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const event = (data: unknown): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const EVENTS = [
  chunk({ role: 'assistant', content: 'Hel' }),
  chunk({ content: 'lo' }),
  chunk({}, 'stop'),
  '[DONE]',
];

/** The events of a completion, in chunks that are cut where no event ends. */
const streaming = (...last: Act): Act => {
  const text = EVENTS.slice(0, last.length > 0 ? 2 : 4)
    .map(event)
    .join('');
  const pieces = text.match(/[\s\S]{1,50}/g)!;
  const act = chunked(pieces, { truncated: last.length > 0 });
  return last.length > 0 ? [...act.slice(0, -1), ...last] : act;
};

const completion = (message: object, finish_reason = 'stop'): object => ({
  id: 'c1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
});

/** Collects what comes until it is `enough`, and how it ended if not well. */
async function collect(stream: AsyncIterable<unknown>, enough = Infinity): Promise<unknown> {
  const parts: unknown[] = [];
  try {
    for await (const part of stream) if (parts.push(part) >= enough) break;
  } catch (error) {
    return [parts, error];
  }
  return parts;
}

const stream = (client: OpenAI, signal?: AbortSignal) =>
  client.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true }, { signal });

const ASKS_FOR_TOOL = completion(
  {
    content: null,
    tool_calls: [
      { id: 't1', type: 'function', function: { name: 'weather', arguments: '{"where":"here"}' } },
    ],
  },
  'tool_calls',
);

const CALLS: readonly Row<OpenAI>[] = [
  {
    name: 'a completion',
    serve: () => json(completion({ content: 'Hello' })),
    run: async ({ client }) => {
      const answer = await client.chat.completions.create({ model: MODEL, messages: MESSAGES });
      return [answer, answer._request_id];
    },
  },
  {
    name: 'a completion with its answer',
    serve: () => json(completion({ content: 'Hello' })),
    run: async ({ client }) => {
      const call = client.chat.completions.create({ model: MODEL, messages: MESSAGES }).withResponse();
      const { data, response, request_id } = await call;
      return [data, response, request_id];
    },
  },
  {
    name: 'pages, one after another',
    serve: ({ path }) => json({ data: [{ id: path }], has_more: !path.includes('after'), object: 'list' }),
    run: ({ client }) => collect(client.files.list({ limit: 1 })),
  },
  {
    name: 'a page of models',
    serve: () => json({ object: 'list', data: [{ id: 'a' }, { id: 'b' }] }),
    run: ({ client }) => collect(client.models.list()),
  },
  { name: 'one model', serve: () => json({ id: 'a/b' }), run: ({ client }) => client.models.retrieve('a/b') },
  { name: 'a DELETE', serve: () => json({ deleted: true }), run: ({ client }) => client.models.delete('a') },
  {
    name: 'embeddings, in base64',
    serve: () => json({ data: [{ index: 0, embedding: Buffer.from([0, 0, 128, 63]).toString('base64') }] }),
    run: ({ client }) => client.embeddings.create({ model: MODEL, input: 'hi' }),
  },
  {
    name: 'headers, query and options of a call',
    run: ({ client }) =>
      client
        .withOptions({
          defaultHeaders: { 'x-a': '1', 'x-b': '1' },
          defaultQuery: { v: '1' },
          organization: 'o',
        })
        .get('/any', { headers: { 'x-b': null, 'x-c': '3' }, query: { a: [1, 2], b: { c: 'ü' } } }),
  },
  {
    name: 'an idempotency key',
    run: ({ client }) => client.post('/any', { body: { a: 1 }, headers: { 'idempotency-key': 'k1' } }),
  },
  { name: 'nothing', serve: () => reply({ status: 204 }), run: ({ client }) => client.delete('/none') },
  { name: 'text', serve: () => reply({ body: 'text' }), run: ({ client }) => client.get('/text') },
];

const FILES: readonly Row<OpenAI>[] = [
  {
    name: 'a file up',
    serve: () => json({ id: 'f1' }),
    run: async ({ client }) => {
      const file = await toFile(Buffer.from('{"a":1}\n'), 'a.jsonl', { type: 'application/jsonl' });
      return client.files.create({ file, purpose: 'batch' });
    },
  },
  {
    name: 'a large file up',
    serve: () => json({ id: 'f1' }),
    run: ({ client }) =>
      client.files.create({ file: new File(['x'.repeat(1_000_000)], 'a.txt'), purpose: 'assistants' }),
  },
  {
    name: 'a file out of an answer',
    serve: ({ path }) => (path === '/source' ? reply({ body: 'source' }) : json({ id: 'f1' })),
    run: async ({ client }) =>
      client.files.create({ file: await client.get('/source').asResponse(), purpose: 'batch' }),
  },
  {
    name: 'sound up, with fields beside it',
    serve: () => json({ text: 'hello' }),
    run: ({ client }) =>
      client.audio.transcriptions.create({
        file: new File(['\0\x01'], 'a.wav'),
        model: MODEL,
        language: 'en',
      }),
  },
  {
    name: 'sound down',
    serve: () => chunked(['\0\x01', '\x02']),
    run: async ({ client }) => {
      const answer = await client.audio.speech.create({ model: MODEL, voice: 'alloy', input: 'hi' });
      return [answer, await answer.arrayBuffer()];
    },
  },
  {
    name: 'the content of a file',
    serve: () => reply({ body: 'x'.repeat(500_000) }),
    run: async ({ client }) => (await client.files.content('f1')).blob(),
  },
];

const STREAMS: readonly Row<OpenAI>[] = [
  {
    name: 'a stream of events',
    serve: () => streaming(),
    run: async ({ client }) => collect(await stream(client)),
  },
  {
    name: 'a stream that is left by break',
    serve: () => streaming(STALL),
    run: async ({ client }) => collect(await stream(client), 1),
  },
  {
    name: 'a stream that is aborted by its controller',
    serve: () => streaming(STALL),
    run: async ({ client }) => {
      const events = await stream(client);
      const iterator = events[Symbol.asyncIterator]();
      const first = await iterator.next();
      events.controller.abort();
      return [first, await iterator.next().catch((error: unknown) => error)];
    },
  },
  {
    name: "a stream that is aborted by the caller's signal",
    serve: () => streaming(STALL),
    run: async ({ client }) => {
      const caller = new AbortController();
      const iterator = (await stream(client, caller.signal))[Symbol.asyncIterator]();
      const first = await iterator.next();
      caller.abort(new Error('left'));
      return [first, await iterator.next().catch((error: unknown) => error)];
    },
  },
  {
    name: 'a stream that breaks off',
    serve: () => streaming({ kind: 'reset' }),
    run: async ({ client }) => {
      const ended = await collect(await stream(client));
      // How much had come before the reset is chance.
      return Array.isArray(ended) ? (ended as unknown[]).at(-1) : ended;
    },
  },
  {
    name: 'a stream with an error in it',
    serve: () =>
      chunked([event(chunk({ content: 'a' })), event({ error: { message: 'full', code: 'full' } })]),
    run: async ({ client }) => collect(await stream(client)),
  },
  {
    name: 'a stream that is refused',
    throws: /^RateLimitError$/,
    serve: () => json({ error: { message: 'slow down' } }, 429),
    run: ({ client }) => stream(client),
  },
  {
    name: 'a stream for two readers',
    serve: () => streaming(),
    run: async ({ client }) => {
      const [left, right] = (await stream(client)).tee();
      return Promise.all([collect(left), new Response(right.toReadableStream()).text()]);
    },
  },
  {
    name: 'the helper for streams',
    serve: () => streaming(),
    run: async ({ client }) => {
      const helper = client.chat.completions.stream({ model: MODEL, messages: MESSAGES });
      const told: string[] = [];
      helper.on('content', (delta) => void told.push(delta));
      return [(await helper.finalChatCompletion()).choices[0]?.message.content, told];
    },
  },
  {
    name: 'responses as a stream',
    serve: () =>
      chunked([
        'event: response.output_text.delta\n',
        event({ type: 'response.output_text.delta', delta: 'hi' }),
      ]),
    run: async ({ client }) =>
      collect(await client.responses.create({ model: MODEL, input: 'hi', stream: true })),
  },
  {
    name: 'a tool',
    serve: (_, nth) => json(nth === 1 ? ASKS_FOR_TOOL : completion({ content: 'It is fair here.' })),
    run: async ({ client }) => {
      const runner = client.chat.completions.runTools({
        model: MODEL,
        messages: MESSAGES,
        tools: [
          {
            type: 'function',
            function: {
              name: 'weather',
              description: 'tells the weather',
              parameters: { type: 'object', properties: { where: { type: 'string' } } },
              parse: JSON.parse,
              function: ({ where }: { where: string }) => `fair ${where}`,
            },
          },
        ],
      });
      return [await runner.finalContent(), runner.messages];
    },
  },
];

const ERRORS: readonly Row<OpenAI>[] = [
  {
    name: 'its own retry',
    serve: failing(2),
    run: ({ client }) => client.post('/post', { body: { a: 1 }, maxRetries: 2 }),
  },
  {
    name: 'its own retry, of a GET',
    through: 'once',
    serve: failing(2, 500),
    run: ({ client }) => client.get('/get', { maxRetries: 2 }),
  },
  {
    name: 'its own retry, of a status that is only its own',
    serve: failing(1, 409),
    run: ({ client }) => client.get('/conflict', { maxRetries: 1 }),
  },
  {
    name: 'its own retry, by a header that is only its own',
    serve: (_, nth) =>
      nth === 1 ? json({}, 400, { 'x-should-retry': 'true', 'retry-after-ms': '1' }) : json({ id: 'ok' }),
    run: ({ client }) => client.get('/should', { maxRetries: 1 }),
  },
  {
    name: 'its own retry, which gives up',
    throws: /^InternalServerError$/,
    serve: failing(9, 500),
    run: ({ client }) => client.post('/post', { body: { a: 1 }, maxRetries: 1 }),
  },
  {
    name: 'its own retry, of a file',
    serve: failing(1),
    run: ({ client }) =>
      client.files.create({ file: new File(['content'], 'a.txt'), purpose: 'batch' }, { maxRetries: 1 }),
  },
  {
    name: 'both retries, which succeed in the end',
    through: 'again',
    serve: failing(2),
    run: ({ client }) => client.get('/both', { maxRetries: 2 }),
  },
  {
    name: 'both retries, which do not',
    through: 'again',
    throws: /^InternalServerError$/,
    serve: () => json({ error: { message: 'down' } }, 503, { 'retry-after-ms': '1' }),
    run: ({ client }) => client.get('/never', { maxRetries: 1 }),
  },
  {
    name: 'its own timeout',
    throws: /^APIConnectionTimeoutError$/,
    serve: () => [STALL],
    run: ({ client }) => client.get('/slow', { timeout: 20 }),
  },
  {
    name: 'an answer that is no JSON',
    throws: /^SyntaxError$/,
    serve: () => reply({ headers: { 'content-type': 'application/json' }, body: '{"a":' }),
    run: ({ client }) => client.get('/broken'),
  },
  {
    name: 'an answer that breaks while it is read',
    throws: /^TypeError$/,
    serve: () => breakAt('body', { kind: 'reset' }),
    run: ({ client }) => client.get('/cut'),
  },
  {
    name: 'twenty at once',
    run: ({ client }) =>
      Promise.all(
        Array.from({ length: 20 }, async () => (await client.get<{ path: string }>('/at/once')).path),
      ),
  },
];

export const OPENAI: readonly Row<OpenAI>[] = [...CALLS, ...FILES, ...STREAMS, ...ERRORS];
