/** Answers that no server gave: mocks, and other makes of fetch, do what fetch does not. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resilientFetch } from '../../../src/adapters/fetch/index.ts';
import { constant, pipeline, retry } from '../../../src/index.ts';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeEach(() => {
  unhandled.length = 0;
  process.prependListener('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
});

/** Three attempts, each of which is given what `answer` gives; how many were made. */
async function ask(answer: (nth: number) => unknown): Promise<{ response: Response; sent: number }> {
  let sent = 0;
  const fetch = resilientFetch({
    pipeline: pipeline('api', retry({ retries: 2, backoff: constant(0), budget: false })),
    fetch: (async () => answer(++sent)) as typeof globalThis.fetch,
  });
  try {
    return { response: await fetch('http://a.example'), sent };
  } finally {
    await new Promise(setImmediate); // unhandled rejections are told by then
    expect(unhandled).toEqual([]);
  }
}

test('one Response for all attempts is still whole in the end', async () => {
  const busy = new Response('busy', { status: 503 });
  const { response, sent } = await ask(() => busy);
  expect(response).toBe(busy);
  expect(sent).toBe(3);
  expect(await response.text()).toBe('busy');
});

test('one that was read before is returned as it is', async () => {
  const spent = new Response('busy', { status: 503 });
  await spent.text();
  expect((await ask(() => spent)).response).toBe(spent);
});

test('an object that says no more than a status is returned as it is', async () => {
  const answer = { status: 503, ok: false, json: async () => ({}) };
  expect(await ask(() => answer)).toMatchObject({ response: answer });
});

test('a body that is a stream of node, as that of node-fetch, is read by its caller alone', async () => {
  const answers = Array.from({ length: 3 }, () => {
    const body = new PassThrough();
    body.end('busy');
    return { status: 503, headers: new Headers(), body, clone: () => expect.unreachable() };
  });
  const { response, sent } = await ask((nth) => answers[nth - 1]);
  expect(sent).toBe(3);
  expect(response).toBe(answers[2]);
  expect(String((response.body as unknown as PassThrough).read())).toBe('busy');
});

test.each([undefined, null])('%s for an answer is an error that says so', async (nothing) => {
  await expect(ask(() => nothing)).rejects.toThrow(
    new TypeError(`resilientFetch: what fetch returns must be a Response, got ${nothing}`),
  );
});
