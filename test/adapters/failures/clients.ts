/** The clients that every failure is tried through. */
import { Readable } from 'node:stream';
import { type Agent, type Dispatcher, interceptors, request } from 'undici';
import { resilientFetch } from '../../../src/adapters/fetch/index.ts';
import { resilience } from '../../../src/adapters/undici/index.ts';
import type { Pipeline } from '../../../src/index.ts';
import type { Asked } from './row.ts';

/** One call: of what, and through what. */
interface Sent extends Asked {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly dispatcher: Pick<Agent, 'compose' | 'dispatch'>;
  readonly pipeline: Pipeline;
}

export interface Answer {
  readonly status: number;
  text(): Promise<string>;
}

export type ClientName = 'resilientFetch' | 'resilience';

export interface Client {
  readonly name: ClientName;
  send(sent: Sent): Promise<Answer>;
}

const bodyOf = ({ body, stream }: Asked): { body?: BodyInit; duplex?: 'half' } => {
  if (body === undefined) return {};
  return stream ? { body: new Blob([body]).stream(), duplex: 'half' } : { body };
};

const streamOf = ({ body, stream }: Asked): Readable | undefined =>
  body !== undefined && stream ? Readable.from([body]) : undefined;

export const clients: readonly Client[] = [
  {
    name: 'resilientFetch',
    send({ url, pipeline, signal, dispatcher, method = 'GET', headers = {}, redirect = 'follow', ...asked }) {
      const init = { method, headers, redirect, signal, dispatcher, ...bodyOf(asked) };
      return resilientFetch({ pipeline })(url, init as RequestInit);
    },
  },
  {
    name: 'resilience',
    async send({ url, pipeline, signal, dispatcher, method = 'GET', headers = {}, redirect, ...asked }) {
      const body = streamOf(asked) ?? asked.body ?? null;
      const init = { method: method as Dispatcher.HttpMethod, headers: { ...headers }, signal, body };
      // It follows; unlike fetch it cannot be told to take a redirect for an error.
      const follow = interceptors.redirect({ maxRedirections: redirect === undefined ? 20 : 0 });
      const through = dispatcher.compose(follow, resilience({ pipeline }));
      const { statusCode, body: got } = await request(url, { ...init, dispatcher: through });
      return { status: statusCode, text: () => got.text() };
    },
  },
];
