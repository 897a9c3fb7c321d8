/** The clients that every failure is tried through. */
import type { Agent } from 'undici';
import { resilientFetch } from '../../../src/adapters/fetch/index.ts';
import type { Pipeline } from '../../../src/index.ts';
import type { Asked } from './row.ts';

/** One call: of what, and through what. */
export interface Sent extends Asked {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly dispatcher: Pick<Agent, 'compose' | 'dispatch'>;
  readonly pipeline: Pipeline;
}

export interface Answer {
  readonly status: number;
  text(): Promise<string>;
}

export interface Client {
  readonly name: string;
  send(sent: Sent): Promise<Answer>;
}

const bodyOf = ({ body, stream }: Asked): { body?: BodyInit; duplex?: 'half' } => {
  if (body === undefined) return {};
  return stream ? { body: new Blob([body]).stream(), duplex: 'half' } : { body };
};

export const clients: readonly Client[] = [
  {
    name: 'resilientFetch',
    send({ url, pipeline, signal, dispatcher, method = 'GET', headers = {}, redirect = 'follow', ...asked }) {
      const init = { method, headers, redirect, signal, dispatcher, ...bodyOf(asked) };
      return resilientFetch({ pipeline })(url, init as RequestInit);
    },
  },
];
